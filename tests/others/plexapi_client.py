"""python-plexapi signs in to the fake with each of its methods, and uses the tokens."""

import requests
from plexapi.exceptions import BadRequest, Unauthorized
from plexapi.myplex import MyPlexAccount, MyPlexJWTLogin, MyPlexPinLogin
from requests.adapters import HTTPAdapter

import person
from report import check, refused

PLEX = ["https://plex.tv", "https://clients.plex.tv"]


class Instead(HTTPAdapter):
    """Sends requests for plex.tv to the fake, without any other change."""

    def __init__(self, fake):
        super().__init__()
        self.url = fake.url

    def send(self, request, **options):
        for plex in PLEX:
            request.url = request.url.replace(f"{plex}/", f"{self.url}/", 1)
        return super().send(request, **options)


def session_for(fake):
    session = requests.Session()
    session.trust_env = False
    session.verify = fake.authority or True
    for plex in PLEX:
        session.mount(f"{plex}/", Instead(fake))
    return session


def check_plexapi(fake):
    session = session_for(fake)
    over = f"python-plexapi over {fake.scheme}"
    rosa = fake.accounts["rosa"]
    password(fake, session, over, rosa)
    account = pin_login(fake, session, over)
    hosted_page(fake, session, over)
    home(session, over, rosa)
    resources(session, over, account)
    jwt_login(fake, session, over, rosa)
    jwt_pins(fake, session, over)


def password(fake, session, over, rosa):
    account = MyPlexAccount(rosa["login"], rosa["password"], session=session)
    check(f"{over} signs in by password", (account.username, account.title), ("rosa", "rosa"))
    check("... and reads the account", (account.email, account.subscriptionPlan), (rosa["email"], "lifetime"))
    ingrid = fake.accounts["ingrid"]
    code = ingrid["verification code"]
    account = MyPlexAccount(ingrid["login"], ingrid["password"], code=code, session=session)
    check("... with a verification code", account.twoFactorEnabled)
    with refused("... but not with a wrong password", Unauthorized):
        MyPlexAccount("rosa", "not hers", session=session)


def pin_login(fake, session, over):
    login = MyPlexPinLogin(session=session, headers=device("plexapi-pin"))
    check(f"{over} gets a PIN of four characters", len(login.pin), 4)
    check("... that is not linked yet", (login.checkLogin(), login.expired), (False, False))
    page = person.link(session, fake, login.pin, "rosa")
    check("... which the user links at /link", "is now signed in as rosa." in page)
    login.run(timeout=60)
    check("... and gets the token by polling", (login.waitForLogin(), bool(login.token)), (True, True))
    account = MyPlexAccount(token=login.token, session=session)
    check("... which belongs to that account", account.username, "rosa")
    return account


def hosted_page(fake, session, over):
    login = MyPlexPinLogin(session=session, headers=device("plexapi-hosted"), oauth=True)
    login.run(timeout=60)
    back = "http://127.0.0.1/back?a=b&c#d"
    url = login.oauthUrl(forwardUrl=back)
    check(f"{over} signs in on the hosted page, and is sent back", person.sign_in(session, fake, url, "tariq"), back)
    check("... and gets the token by polling", login.waitForLogin())
    check("... which belongs to that account", MyPlexAccount(token=login.token, session=session).username, "tariq")


def home(session, over, rosa):
    account = MyPlexAccount(token=rosa["token"], session=session)
    check(f"{over} lists the other users of the Home", [user.title for user in account.users()], ["Nilo"])
    nilo = account.switchHomeUser("Nilo")
    check("... switches to a managed user", (nilo.title, nilo.restricted, nilo.email), ("Nilo", True, ""))
    check("... with another token", nilo.authToken not in [None, "", account.authToken])
    check("... lists the user to switch back to", [user.title for user in nilo.users()], ["rosa"])
    with refused("... which is refused without the PIN", BadRequest, "(403)"):
        nilo.switchHomeUser("rosa")
    again = nilo.switchHomeUser("rosa", pin=rosa["Home PIN"])
    check("... and works with it", again.username, "rosa")


def resources(session, over, account):
    found = {resource.name: resource for resource in account.resources()}
    check(f"{over} lists resources", sorted(found), ["Boathouse", "rosa's telephone"])
    boathouse = found["Boathouse"]
    check("... distinguishes servers from players", (boathouse.provides, boathouse.owned), ("server", True))
    check("... with their connections", sorted(way.local for way in boathouse.connections), [False, True])
    server = boathouse.connect(timeout=30)
    check("... connects to a server with its own token", server.friendlyName, "Boathouse")
    check("... which is the listed server", server.machineIdentifier, boathouse.clientIdentifier)
    check(f"{over} pings", account.ping())
    check("... lists devices", "plexapi-pin" in [device.clientIdentifier for device in account.devices()])
    account.signout()
    with refused("... and signs out, which makes the token invalid", Unauthorized):
        MyPlexAccount(token=account.authToken, session=session)


def jwt_login(fake, session, over, rosa):
    """Registers a key with an old token, and renews the JWT."""
    token = old_token(session, "plexapi-jwt", rosa)
    login = MyPlexJWTLogin(session=session, headers=device("plexapi-jwt"), token=token)
    login.generateKeypair()
    login.registerDevice()
    first = login.refreshJWT()
    check(f"{over} registers a key and verifies Plex's JWT with Plex's keys", login.verifyJWT())
    check("... which is for this device", login.decodedJWT["aud"], ["plex.tv", "plexapi-jwt"])
    check("... and names the account", login.decodedJWT["user"]["username"], "rosa")
    check("... to which it gives access", MyPlexAccount(token=first, session=session).username, "rosa")
    with refused("... and whose old token is now invalid", Unauthorized):
        MyPlexAccount(token=token, session=session)
    check("... and renews it", (bool(login.refreshJWT()), login.verifyJWT()), (True, True))
    check("... which is due for renewal within eight days", login.verifyJWT(refreshWithinDays=8), False)
    login.jwtToken = login.jwtToken[:-8] + "AAAAAAAA"
    check("... and rejects a JWT that was changed", login.verifyJWT(), False)
    again = MyPlexJWTLogin(
        session=session,
        headers=device("plexapi-jwt"),
        token=rosa["token"],
        keypair=(login._privateKey, login._publicKey),
    )
    with refused("... and cannot register its key twice", BadRequest, "(422)"):
        again.registerDevice()


def old_token(session, identifier, account):
    """Returns an old-style token, issued under the identifier that the key is for."""
    form = {"login": account["login"], "password": account["password"]}
    headers = device(identifier) | {"Accept": "application/json"}
    answer = session.post("https://plex.tv/api/v2/users/signin", data=form, headers=headers)
    answer.raise_for_status()
    return answer.json()["authToken"]


def jwt_pins(fake, session, over):
    """Registers a key with a PIN, a short and a strong one."""
    for hosted in [False, True]:
        identifier = f"plexapi-jwt-{'hosted' if hosted else 'short'}"
        login = MyPlexJWTLogin(session=session, headers=device(identifier), oauth=hosted)
        login.generateKeypair()
        login.run(timeout=60)
        if hosted:
            person.sign_in(session, fake, login.oauthUrl(), "tariq")
        else:
            person.link(session, fake, login.pin, "tariq")
        which = "a strong" if hosted else "a short"
        check(f"{over} registers a key with {which} PIN, and gets a JWT by polling", login.waitForLogin())
        check("... which it verifies with Plex's keys", login.verifyJWT())
        check("... and renews", (bool(login.refreshJWT()), login.verifyJWT()), (True, True))
        check("... for that account", MyPlexAccount(token=login.jwtToken, session=session).username, "tariq")


def device(identifier):
    return {"X-Plex-Client-Identifier": identifier}
