"""The published SDK makes a PIN at the fake, reads it, and reads the account that it brought."""

import ssl

import httpx
import requests
from plex_api_client import PlexAPI
from plex_api_client.models import errors

import person
from report import check, refused

IDENTIFIER = "sdk"


def as_it_is_described(response):
    """The SDK is made from a description that has 200 for a PIN that was made."""
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
        what = f"{over} makes a PIN, and takes the 201 that Plex is recorded with for an error"
        with refused(what, errors.SDKError, "Status 201"):
            pins.create_o_auth_pin(request={}, **who)
        client.event_hooks = {"response": [as_it_is_described]}
        pin = pins.create_o_auth_pin(request={}, **who).object
        check("... with a 200, as it knows it, reads the PIN", len(pin.code), 4)
        check("... under its identifier", (pin.client_identifier, pin.product), (IDENTIFIER, "An SDK"))
        check("... with a picture of its QR code at the fake", pin.qr, f"{fake.api}/pins/qr/{pin.code}")
        waiting = pins.get_o_auth_pin(request={"pin_id": pin.id}, **who)
        check("... that nobody has linked yet", (waiting.object.id, waiting.object.auth_token), (pin.id, None))
        person.link(session, fake, pin.code, "tariq")
        linked = pins.get_o_auth_pin(request={"pin_id": pin.id}, **who).object
        check("... and that brings a token once somebody has", bool(linked.auth_token))
        with refused("... a PIN that is not there is refused", errors.SDKError, "Status 404"):
            pins.get_o_auth_pin(request={"pin_id": 1}, **who)

    known["token"] = linked.auth_token
    with httpx.Client(verify=trusted, trust_env=False) as client, PlexAPI(client=client, **known) as sdk:
        account = sdk.authentication.get_token_details(request={}, server_url=fake.api)
        check(f"{over} reads the account of that token", account.user_plex_account.username, "tariq")
