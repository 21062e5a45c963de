"""Verifies our JWTs with PyJWT, and PyJWT's with this library."""

import base64
import hashlib
import json
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from report import check, refused

WEEK = 7 * 24 * 60 * 60


def check_jwts(program):
    ours_by_pyjwt(program)
    pyjwts_by_us(program)


def thumbprint(jwk):
    """Returns the thumbprint of a key according to RFC 7638, without the library."""
    members = {name: jwk[name] for name in ["crv", "kty", "x"]}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def ours_by_pyjwt(program):
    def decoded(signed, key=None):
        key = jwt.PyJWK.from_dict(key or signed["jwk"])
        return jwt.decode(signed["jwt"], key, algorithms=["EdDSA"], audience="plex.tv", issuer="a-television")

    before = int(time.time())
    signed = program.ask("sign", "--identifier", "a-television", "--nonce", 'b7d0-é"')
    claims = decoded(signed)
    header = jwt.get_unverified_header(signed["jwt"])
    check("PyJWT verifies our device JWT with our public JWK", claims["nonce"], 'b7d0-é"')
    check("... which expires after five minutes", claims["exp"] - claims["iat"], 300)
    check("... and was issued at the current time", before <= claims["iat"] <= int(time.time()))
    scope = "username,email,friendly_name,restricted,anonymous,joinedAt"
    check("... and requests every scope", claims["scope"], scope)
    check("... its header names the key", header, {"alg": "EdDSA", "kid": signed["jwk"]["kid"], "typ": "JWT"})
    check("... by its RFC 7638 thumbprint", signed["jwk"]["kid"], thumbprint(signed["jwk"]))
    named = program.ask("sign", "--key-id", 'den 客厅 "1"')
    check("... or by a custom key ID", jwt.get_unverified_header(named["jwt"])["kid"], 'den 客厅 "1"')

    other = program.ask("sign", "--seed", "2")
    with refused("PyJWT rejects it with another key", jwt.InvalidSignatureError):
        decoded(signed, other["jwk"])
    header, _, signature = signed["jwt"].split(".")
    swapped = ".".join([header, other["jwt"].split(".")[1], signature])
    with refused("... with the claims of another JWT", jwt.InvalidSignatureError):
        decoded({"jwt": swapped, "jwk": signed["jwk"]})
    with refused("... after five minutes", jwt.ExpiredSignatureError):
        decoded(program.ask("sign", "--now", str(before - 301)))
    with refused("... from another device", jwt.InvalidIssuerError):
        decoded(program.ask("sign", "--identifier", "a-radio"))


def pyjwts_by_us(program):
    plex, other = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
    old = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = int(time.time())

    def jwk(key, name):
        kind = jwt.algorithms.RSAAlgorithm if key is old else jwt.algorithms.OKPAlgorithm
        return kind.to_jwk(key.public_key(), as_dict=True) | {"kid": name, "use": "sig"}

    keys = [jwk(old, "old"), jwk(other, "other"), jwk(plex, "new")]

    def claims(**changed):
        said = {
            "iss": "plex.tv",
            "aud": ["plex.tv", "a-television"],
            "iat": now,
            "exp": now + WEEK,
            "thumbprint": "den",
            "user": {"id": 7, "username": "rosa", "friendly_name": None},
        }
        return said | changed

    def encoded(said=None, key=plex, algorithm="EdDSA", name="new"):
        return jwt.encode(said or claims(), key, algorithm=algorithm, headers={"kid": name})

    def answer(token, keys=keys):
        return program.ask("verify", "--identifier", "a-television", given={"token": token, "keys": keys})

    def check_refused(what, why, token, keys=keys):
        check(what, answer(token, keys), {"refused": why})

    good = {
        "expires_at": now + WEEK,
        "issued_at": now,
        "issuer": "plex.tv",
        "audience": ["plex.tv", "a-television"],
        "key_id": "new",
        "thumbprint": "den",
        "user_id": 7,
        "username": "rosa",
    }
    check("we verify PyJWT's JWT with the key that it names", answer(encoded()), good)
    for_us = answer(encoded(claims(aud="a-television")))
    check("... only for this device, as a string", for_us, good | {"audience": ["a-television"]})

    wrong = "the JWT's signature is invalid"
    check_refused("we reject a JWT that another key signed", wrong, encoded(key=other))
    header, _, signature = encoded().split(".")
    swapped = ".".join([header, encoded(claims(exp=now + 2 * WEEK)).split(".")[1], signature])
    check_refused("... with claims other than the signed ones", wrong, swapped)
    check_refused("... that is truncated", wrong, encoded()[:-2])
    not_signed = "the JWT is not signed"
    check_refused("... with `alg: none`", not_signed, encoded(key=None, algorithm="none"))
    unsigned = encoded().rpartition(".")[0] + "."
    check_refused("... that names EdDSA but has no signature", not_signed, unsigned)
    unknown = "the JWT is signed with an algorithm other than EdDSA"
    raw = plex.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    check_refused("... with HS256 and the public key as the secret", unknown, encoded(key=raw, algorithm="HS256"))
    check_refused("... with RS256 and an RSA key in the list", unknown, encoded(key=old, algorithm="RS256", name="old"))
    check_refused("... that has expired", "the JWT has expired; get a new one", encoded(claims(exp=now - 61)))
    for_another = encoded(claims(aud="a-radio"))
    check_refused(
        "... for another device", "the JWT's audience includes neither plex.tv nor this client identifier", for_another
    )
    from_another = encoded(claims(iss="plex.example"))
    check_refused("... from another issuer", "the JWT was not issued by plex.tv", from_another)
    check_refused("... without an expiration time", "the JWT's expiration time is missing or unreadable", encoded(claims(exp=None)))
    not_among = "the JWT's key ID matches none of Plex's Ed25519 keys; fetch the keys again, but only once"
    check_refused("... signed with a key that is not in the list", not_among, encoded(name="newer"))
    no_use = "none of Plex's keys is an Ed25519 signing key"
    check_refused("... if the list has only an RSA key", no_use, encoded(), keys[:1])
