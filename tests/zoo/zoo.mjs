// Client libraries that nobody here wrote, each driven as its documentation shows; as zoo.py.
//
//     ZOO_URL=http://127.0.0.1:PORT/as/p0 ZOO_CALLS=0,120,450 node tests/zoo/zoo.mjs rivet
import { once } from "node:events";
import { createRequire } from "node:module";

const { ZOO_URL: base, ZOO_CALLS } = process.env;
const [id, secret] = [process.env.ZOO_ID ?? "main", "secret"];
const require = createRequire(import.meta.url);

const clients = {
  async "badgateway-oauth2"() {
    const { OAuth2Client, OAuth2Fetch } = await import("@badgateway/oauth2-client");
    const { pathname, origin } = new URL(base);
    const client = new OAuth2Client({ server: origin, tokenEndpoint: `${pathname}/oauth/token`, clientId: id, clientSecret: secret });
    const wrapper = new OAuth2Fetch({ client, getNewToken: () => client.clientCredentials() });
    return async () => (await wrapper.fetch(`${base}/v2/x`)).status;
  },
  async "co-wechat-api"() {
    const API = require("co-wechat-api");
    const api = new API(id, secret);
    api.prefix = `${base}/cgi-bin/`;
    return async () => {
      try {
        const { accessToken } = await api.ensureAccessToken();
        await api.request(`${api.prefix}user/info?openid=o&access_token=${accessToken}`);
        return 200;
      } catch (refused) {
        if (!refused.code) console.error(refused.message);
        return refused.code ?? 0;
      }
    };
  },
  async rivet() {
    // Its token endpoint is a constant: requests for it are sent to the emulator.
    const axios = require(require.resolve("axios", { paths: [require.resolve("@zoom/rivet")] }));
    axios.interceptors.request.use((config) => {
      if (config.url.startsWith("https://zoom.us/oauth/token")) config.url = `${base}/oauth/token`;
      return config;
    });
    const { UsersS2SAuthClient } = require("@zoom/rivet/users");
    const client = new UsersS2SAuthClient({ clientId: id, clientSecret: secret, accountId: "1", disableReceiver: true, baseUrl: `${base}/v2` });
    return async () => {
      try {
        const { statusCode } = await client.endpoints.users.getUser({ path: { userId: "me" } });
        return statusCode;
      } catch (refused) {
        const status = /^\[(\d+)/.exec(refused.message)?.[1];
        if (!status) console.error(refused.message);
        return Number(status ?? 0);
      }
    };
  },
  async "undici-oidc-interceptor"() {
    const { Agent, request } = require("undici");
    const { createOidcInterceptor } = require("undici-oidc-interceptor");
    const { origin } = new URL(base);
    const dispatcher = new Agent().compose(createOidcInterceptor({ idpTokenUrl: `${base}/oauth/token`, clientId: id, clientSecret: secret, urls: [origin] }));
    return async () => {
      const { statusCode, body } = await request(`${base}/v2/x`, { dispatcher });
      await body.dump();
      return statusCode;
    };
  },
};

const call = await clients[process.argv[2]]();
console.log("ready");
const [line] = await once(process.stdin, "data");
const start = Number(line) * 1000;
const lines = [];
const one = async (due) => {
  const begun = Date.now();
  let status = 0;
  try {
    status = await call();
  } catch (error) {
    console.error(error.message);
  }
  lines.push(`${due} ${((begun - start) / 1000).toFixed(6)} ${((Date.now() - start) / 1000).toFixed(6)} ${status}`);
};
const at = (due) => new Promise((done) => setTimeout(() => done(one(due)), Math.max(0, start + due - Date.now())));
await Promise.all(ZOO_CALLS.split(",").filter(Boolean).map((text) => at(Number(text))));
console.log(lines.join("\n"));
process.exit();
