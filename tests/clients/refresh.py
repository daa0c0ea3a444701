"""google-auth against a provider with refresh tokens: it renews by itself where its token was revoked, and says so where its grant was.

    pip install google-auth requests
    tokenstorm serve --profile google -- python tests/clients/refresh.py
"""
import os, requests
U = os.environ["TOKENSTORM_URL"]
login = requests.post(f"{U}/_tokenstorm/login", json={"client": "app"}).json()
from google.oauth2.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession
c = Credentials(None, refresh_token=login["refresh_token"], token_uri=f"{U}/as/google/token", client_id="app", client_secret="secret")
s = AuthorizedSession(c)
assert s.get(f"{U}/as/google/v1/x").status_code == 200
requests.post(f"{U}/_tokenstorm/revoke", json={"token": c.token})
# google-auth refreshes by itself and tries again.
assert s.get(f"{U}/as/google/v1/x").status_code == 200
requests.post(f"{U}/_tokenstorm/revoke", json={"client": "app"})
import google.auth.exceptions
try:
    s.get(f"{U}/as/google/v1/x"); assert False
except google.auth.exceptions.RefreshError as e: print("google-auth ok, then:", str(e)[:60])
