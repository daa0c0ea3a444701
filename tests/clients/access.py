"""OAuth clients that nobody here wrote, against a provider that really invalidates: each gets a token, a 200 by it, and a refusal once
another caller's request has killed it.

    pip install authlib requests requests-oauthlib httpx httpx-auth
    tokenstorm serve --profile zoom-s2s-2022 --assert "rejected == 5" -- python tests/clients/access.py
"""
import os
U = os.environ["TOKENSTORM_URL"]
ID, SECRET = os.environ["TOKENSTORM_CLIENT_ID"], os.environ["TOKENSTORM_CLIENT_SECRET"]
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
import requests, httpx

def kill():
    r = requests.post(f"{U}/as/killer/oauth/token", auth=(ID, SECRET), data={"grant_type": "client_credentials"})
    assert r.status_code == 200, r.text

def check(name, call):
    assert call() == 200, (name, "first")
    kill()
    assert call() == 401, (name, "killed")
    print(name, "ok")

def authlib():
    from authlib.integrations.requests_client import OAuth2Session
    s = OAuth2Session(ID, SECRET, token_endpoint=f"{U}/as/authlib/oauth/token", grant_type="client_credentials")
    s.fetch_token()
    check("authlib requests", lambda: s.get(f"{U}/as/authlib/v2/x").status_code)
    z = OAuth2Session(ID, SECRET); z.fetch_token(f"{U}/as/authlib-z/oauth/token", grant_type="account_credentials", account_id="1")
    check("authlib account_credentials", lambda: z.get(f"{U}/as/authlib-z/v2/x").status_code)

def authlib_async():
    import asyncio
    from authlib.integrations.httpx_client import AsyncOAuth2Client
    async def go():
        async with AsyncOAuth2Client(ID, SECRET, token_endpoint=f"{U}/as/authlib-async/oauth/token", grant_type="client_credentials") as c:
            await c.fetch_token()
            r = await c.get(f"{U}/as/authlib-async/v2/x"); assert r.status_code == 200
            kill()
            r = await c.get(f"{U}/as/authlib-async/v2/x"); assert r.status_code == 401
    asyncio.run(go()); print("authlib httpx ok")

def requests_oauthlib():
    from oauthlib.oauth2 import BackendApplicationClient
    from requests_oauthlib import OAuth2Session
    s = OAuth2Session(client=BackendApplicationClient(client_id=ID))
    s.fetch_token(f"{U}/as/roauthlib/oauth/token", client_id=ID, client_secret=SECRET)
    check("requests-oauthlib", lambda: s.get(f"{U}/as/roauthlib/v2/x").status_code)

def httpx_auth():
    from httpx_auth import OAuth2ClientCredentials
    auth = OAuth2ClientCredentials(f"{U}/as/httpx-auth/oauth/token", ID, SECRET)
    check("httpx-auth", lambda: httpx.get(f"{U}/as/httpx-auth/v2/x", auth=auth).status_code)

for f in (authlib, authlib_async, requests_oauthlib, httpx_auth): f()
