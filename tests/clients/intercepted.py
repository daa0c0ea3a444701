"""Libraries whose hosts are hard-coded, through `tokenstorm serve --intercept`: not a line of theirs knows of the emulator. Each gets a
token, an answer by it, and a refusal once the token has been killed.

    tokenstorm serve --intercept --profile zoom-s2s-2022 -- python tests/clients/intercepted.py zoomus
"""
import os
import sys

import requests

CONTROL = os.environ["TOKENSTORM_CONTROL_URL"]
ID, SECRET = os.environ["TOKENSTORM_CLIENT_ID"], os.environ["TOKENSTORM_CLIENT_SECRET"]


def control(path, **body):
    answer = requests.post(CONTROL + path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def killed_by_another():
    form = {"grant_type": "client_credentials"}
    killer = f"{os.environ['TOKENSTORM_URL']}/as/killer/oauth/token"
    answer = requests.post(killer, auth=(ID, SECRET), data=form)
    assert answer.status_code == 200, answer.text


def zoomus():
    """zoom.us and api.zoom.us, profile zoom-s2s-2022"""
    from zoomus import ZoomClient

    client = ZoomClient(ID, SECRET, api_account_id="1")
    answer = client.user.get(id="me")
    assert answer.status_code == 200 and answer.json()["host"] == "api.zoom.us", answer.text
    killed_by_another()
    answer = client.user.get(id="me")
    assert answer.status_code == 401 and answer.json()["code"] == 124, answer.text


def spotipy():
    """accounts.spotify.com and api.spotify.com, any profile whose clients have tokens of their own"""
    from spotipy import MemoryCacheHandler, Spotify, SpotifyClientCredentials, SpotifyException

    credentials = SpotifyClientCredentials(ID, SECRET, cache_handler=MemoryCacheHandler())
    client = Spotify(client_credentials_manager=credentials, retries=0)
    assert client.artist("3jOstUTkEu2JkjvRdBA5Gu")["host"] == "api.spotify.com"
    killed_by_another()
    try:
        client.artist("3jOstUTkEu2JkjvRdBA5Gu")
    except SpotifyException as refused:
        assert refused.http_status == 401
    else:
        raise AssertionError("a dead token was accepted")


def wechatpy():
    """api.weixin.qq.com, profile wechat-classic: the old token lives on for five minutes"""
    from wechatpy import WeChatClient
    from wechatpy.exceptions import WeChatClientException

    client = WeChatClient(ID, SECRET, auto_retry=False)
    assert client.get("user/info", params={"openid": "o"})["host"] == "api.weixin.qq.com"
    killed_by_another()
    client.get("user/info", params={"openid": "o"})
    control("/clock", advance="301s")
    try:
        client.get("user/info", params={"openid": "o"})
    except WeChatClientException as refused:
        assert refused.errcode == 40001
    else:
        raise AssertionError("a dead token was accepted")
    # The token endpoint has a quota by the day, of which two are used: with its own retry it recovers.
    assert WeChatClient(ID, SECRET).get("user/info", params={"openid": "o"})["method"] == "GET"


def lark():
    """open.feishu.cn, profile feishu"""
    import lark_oapi

    client = lark_oapi.Client.builder().app_id(ID).app_secret(SECRET).build()
    request = lark_oapi.BaseRequest.builder().http_method(lark_oapi.HttpMethod.GET).uri("/open-apis/im/v1/chats")
    request = request.token_types({lark_oapi.AccessTokenType.TENANT}).build()
    answer = client.request(request)
    assert answer.raw.status_code == 200 and b"open.feishu.cn" in answer.raw.content, answer.raw.content
    control("/revoke", client=ID)
    answer = client.request(request)
    assert answer.raw.status_code == 401 and b"99991663" in answer.raw.content, answer.raw.content


def google():
    """oauth2.googleapis.com, profile google: it renews by itself where its token was revoked, and fails where its grant was"""
    from google.auth.exceptions import RefreshError
    from google.auth.transport.requests import AuthorizedSession
    from google.oauth2.credentials import Credentials

    grant = control("/login", client=ID)["refresh_token"]
    where = "https://oauth2.googleapis.com/token"
    credentials = Credentials(None, refresh_token=grant, token_uri=where, client_id=ID, client_secret=SECRET)
    session = AuthorizedSession(credentials)
    files = "https://www.googleapis.com/drive/v3/files"
    assert session.get(files).json()["host"] == "www.googleapis.com"
    control("/revoke", token=credentials.token)
    assert session.get(files).status_code == 200
    control("/revoke", client=ID)
    try:
        session.get(files)
    except RefreshError:
        pass
    else:
        raise AssertionError("a revoked grant was accepted")


def msal():
    """login.microsoftonline.com, profile entra, by a device that its user lets in"""
    import msal

    app = msal.PublicClientApplication(ID, authority="https://login.microsoftonline.com/common")
    flow = app.initiate_device_flow(scopes=["User.Read"])
    assert "user_code" in flow, flow
    answer = requests.post(flow["verification_uri"], data={"user_code": flow["user_code"]})
    assert answer.status_code == 200, answer.text
    got = app.acquire_token_by_device_flow(flow)
    assert "access_token" in got, got
    me = "https://graph.microsoft.com/v1.0/me"
    headers = {"Authorization": f"Bearer {got['access_token']}"}
    answer = requests.get(me, headers=headers)
    assert answer.status_code == 200 and answer.json()["host"] == "graph.microsoft.com"
    control("/clock", advance="2h")
    assert requests.get(me, headers=headers).status_code == 401


for name in sys.argv[1:]:
    {one.__name__: one for one in (zoomus, spotipy, wechatpy, lark, google, msal)}[name]()
    print(name, "ok")
