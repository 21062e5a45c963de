"""The published SDK creates a PIN on the fake, polls it, and requests the account of its token."""

import ssl

import httpx
import requests
from plex_api_client import PlexAPI
from plex_api_client.models import errors

import person
from report import check, refused

IDENTIFIER = "sdk"


def as_it_is_described(response):
    """Changes the status of a new PIN to 200, as in the API description from which the SDK is generated."""
    if response.request.method == "POST" and response.status_code == 201:
        response.status_code = 200


def check_sdk(fake):
    over = f"the SDK over {fake.scheme}"
    trusted = ssl.create_default_context(cafile=fake.authority)
    session = requests.Session()
    session.trust_env = False
    session.verify = fake.authority or True
    known = {"client_identifier": IDENTIFIER, "product": "An SDK"}
    with httpx.Client(verify=trusted, trust_env=False) as client, PlexAPI(client=client, **known) as sdk:
        pins = sdk.authentication
        who = {"security": {"client_identifier": IDENTIFIER}, "server_url": fake.api}
        what = f"{over} creates a PIN, and treats the 201 that Plex returns as an error"
        with refused(what, errors.SDKError, "Status 201"):
            pins.create_o_auth_pin(request={}, **who)
        client.event_hooks = {"response": [as_it_is_described]}
        pin = pins.create_o_auth_pin(request={}, **who).object
        check("... with the expected 200, reads the PIN", len(pin.code), 4)
        check("... under its identifier", (pin.client_identifier, pin.product), (IDENTIFIER, "An SDK"))
        check("... with the URL of its QR code on the fake", pin.qr, f"{fake.api}/pins/qr/{pin.code}")
        waiting = pins.get_o_auth_pin(request={"pin_id": pin.id}, **who)
        check("... that is not linked yet", (waiting.object.id, waiting.object.auth_token), (pin.id, None))
        person.link(session, fake, pin.code, "tariq")
        linked = pins.get_o_auth_pin(request={"pin_id": pin.id}, **who).object
        check("... and that returns a token once it is linked", bool(linked.auth_token))
        with refused("... and an unknown PIN is refused", errors.SDKError, "Status 404"):
            pins.get_o_auth_pin(request={"pin_id": 1}, **who)

    known["token"] = linked.auth_token
    with httpx.Client(verify=trusted, trust_env=False) as client, PlexAPI(client=client, **known) as sdk:
        account = sdk.authentication.get_token_details(request={}, server_url=fake.api)
        check(f"{over} reads the account of that token", account.user_plex_account.username, "tariq")
