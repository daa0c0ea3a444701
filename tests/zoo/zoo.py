"""Client libraries that nobody here wrote, each driven as its documentation shows: calls at given instants, and one line told of each.

    ZOO_URL=http://127.0.0.1:PORT/as/p0 ZOO_CALLS=0,120,450 ZOO_KEY=FILE python tests/zoo/zoo.py httpx-auth
    python tests/zoo/zoo.py key          a service account with a key of its own, as JSON

It says when it is ready, and then waits for a line with the time from which the instants (ms) count, in seconds since 1970.
"""
import asyncio
import json
import os
import sys
import threading
import time

ID, SECRET = os.environ.get("ZOO_ID", "main"), "secret"


def base():
    return os.environ["ZOO_URL"]


def key():
    """Its token endpoint is filled in by whoever uses it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account",
        "project_id": "zoo",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "client_email": "CLIENT_ID",
        "client_id": "1",
        "token_uri": "TOKEN_URI",
    }
    print(json.dumps(account))


def authlib():
    from authlib.integrations.requests_client import OAuth2Session

    session = OAuth2Session(ID, SECRET, token_endpoint=f"{base()}/oauth/token", grant_type="client_credentials")

    def call():
        # The first token is the caller's to fetch, here as the library fetches those that follow: without a lock.
        if not session.token:
            session.fetch_token()
        return session.get(f"{base()}/v2/x").status_code

    return call


def authlib_async():
    from authlib.integrations.httpx_client import AsyncOAuth2Client

    session = AsyncOAuth2Client(ID, SECRET, token_endpoint=f"{base()}/oauth/token", grant_type="client_credentials")
    first = asyncio.Lock()

    async def call():
        async with first:
            if not session.token:
                await session.fetch_token()
        return (await session.get(f"{base()}/v2/x")).status_code

    return call


def httpx_auth():
    import httpx
    from httpx_auth import OAuth2ClientCredentials

    auth = OAuth2ClientCredentials(f"{base()}/oauth/token", ID, SECRET)
    client = httpx.Client(auth=auth)
    return lambda: client.get(f"{base()}/v2/x").status_code


def google_auth():
    from google.auth.transport.requests import AuthorizedSession
    from google.oauth2.service_account import Credentials

    with open(os.environ["ZOO_KEY"]) as file:
        account = json.load(file)
    account["client_email"] = ID
    account["token_uri"] = f"{base()}/oauth/token"
    credentials = Credentials.from_service_account_info(account, scopes=["x"])
    session = AuthorizedSession(credentials)
    return lambda: session.get(f"{base()}/v2/x").status_code


def spotipy():
    from spotipy import MemoryCacheHandler, Spotify, SpotifyClientCredentials, SpotifyException

    credentials = SpotifyClientCredentials(ID, SECRET, cache_handler=MemoryCacheHandler())
    credentials.OAUTH_TOKEN_URL = f"{base()}/oauth/token"
    client = Spotify(client_credentials_manager=credentials, retries=0)
    client.prefix = f"{base()}/v2/"

    def call():
        try:
            client._get("x")
        except SpotifyException as refused:
            return refused.http_status
        except AttributeError:
            # It expects Spotify's own words in the body of a refusal.
            return 401
        return 200

    return call


def zoomus():
    from zoomus import ZoomClient

    made = threading.Lock()
    clients = []

    def call():
        # It takes its token when it is made.
        with made:
            if not clients:
                clients.append(ZoomClient(ID, SECRET, "1", base_uri=f"{base()}/v2", oauth_uri=f"{base()}/oauth/token"))
        return clients[0].user.get(id="me").status_code

    return call


def wechatpy():
    from wechatpy import WeChatClient
    from wechatpy.exceptions import WeChatClientException

    class Here(WeChatClient):
        API_BASE_URL = f"{base()}/cgi-bin/"

        def fetch_access_token(self):
            parameters = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
            return self._fetch_access_token(f"{base()}/cgi-bin/token", parameters)

    client = Here(ID, SECRET)

    def call():
        try:
            client.get("user/info", params={"openid": "o"})
        except WeChatClientException as refused:
            return refused.errcode or 0
        return 200

    return call


CLIENTS = {
    "authlib": authlib,
    "authlib-async": authlib_async,
    "google-auth": google_auth,
    "httpx-auth": httpx_auth,
    "spotipy": spotipy,
    "wechatpy": wechatpy,
    "zoomus": zoomus,
}


def due():
    print("ready", flush=True)
    start = float(sys.stdin.readline())
    return start, [float(text) for text in os.environ["ZOO_CALLS"].split(",") if text]


def line(instant, begun, status, start):
    return f"{instant:g} {begun - start:.6f} {time.time() - start:.6f} {status}"


def threads(call):
    """Each call in a thread of its own, as in a server that has one for each request."""
    start, calls = due()
    told, under_way = {}, []

    def one(number, instant):
        begun = time.time()
        try:
            status = call()
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            status = 0
        told[number] = line(instant, begun, status, start)

    for number, instant in enumerate(calls):
        time.sleep(max(0.0, start + instant / 1000 - time.time()))
        thread = threading.Thread(target=one, args=(number, instant), daemon=True)
        thread.start()
        under_way.append(thread)
    # Who tries again for ever is not waited for so long.
    last = time.time() + 20
    for thread in under_way:
        thread.join(max(0.0, last - time.time()))
    return [
        told.get(number) or line(instant, start + instant / 1000, 0, start) for number, instant in enumerate(calls)
    ]


async def tasks(make):
    call = make()
    start, calls = due()
    lines = []

    async def one(instant):
        await asyncio.sleep(max(0.0, start + instant / 1000 - time.time()))
        begun = time.time()
        try:
            status = await call()
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            status = 0
        lines.append(line(instant, begun, status, start))

    await asyncio.gather(*(one(instant) for instant in calls))
    return lines


if __name__ == "__main__":
    name = sys.argv[1]
    if name == "key":
        key()
    elif name == "authlib-async":
        print("\n".join(asyncio.run(tasks(CLIENTS[name]))))
    else:
        print("\n".join(threads(CLIENTS[name]())), flush=True)
        os._exit(0)
