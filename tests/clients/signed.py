"""Libraries that verify signed access tokens: they find the key by the metadata, and go on believing a token that is dead.

    tokenstorm serve --profile zoom-s2s-2022 --tokens jwt -- python tests/clients/signed.py
"""
import os

import jwt
import requests
from joserfc import jwt as jose
from joserfc.jwk import KeySet

U = os.environ["TOKENSTORM_URL"]
AUTH = os.environ["TOKENSTORM_CLIENT_ID"], os.environ["TOKENSTORM_CLIENT_SECRET"]


def token():
    answer = requests.post(f"{U}/oauth/token", auth=AUTH, data={"grant_type": "client_credentials"})
    return answer.json()["access_token"]


def call(text):
    return requests.get(f"{U}/v2/users/me", headers={"Authorization": f"Bearer {text}"}).status_code


metadata = requests.get(f"{U}/.well-known/openid-configuration").json()
first = token()
assert call(first) == 200
token()
assert call(first) == 401, "the provider has ended it"

key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(first).key
claims = jwt.decode(first, key, algorithms=["ES256"], audience=U, issuer=metadata["issuer"])
assert claims["client_id"] == AUTH[0], "PyJWT still believes it"
print("PyJWT ok")

keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"]).json())
assert jose.decode(first, keys, algorithms=["ES256"]).claims == claims
print("joserfc ok")

changed = first[:-3] + ("AAA" if first[-3:] != "AAA" else "BBB")
for verify in (lambda: jwt.decode(changed, key, algorithms=["ES256"], audience=U), lambda: jose.decode(changed, keys, algorithms=["ES256"])):
    try:
        verify()
    except Exception as refused:
        print("refused:", type(refused).__name__)
    else:
        raise AssertionError("a changed token was believed")
