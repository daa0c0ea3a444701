// jose, which verifies signed access tokens by the key that the metadata leads to; as signed.py.
//
//     tokenstorm serve --profile zoom-s2s-2022 --tokens jwt -- node tests/clients/signed.mjs
import assert from "node:assert/strict";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { TOKENSTORM_URL: U, TOKENSTORM_CLIENT_ID: ID, TOKENSTORM_CLIENT_SECRET: SECRET } = process.env;
const headers = { authorization: "Basic " + btoa(`${ID}:${SECRET}`) };
const body = () => new URLSearchParams({ grant_type: "client_credentials" });
const token = async () => (await (await fetch(`${U}/oauth/token`, { method: "POST", headers, body: body() })).json()).access_token;
const call = async (text) => (await fetch(`${U}/v2/x`, { headers: { authorization: `Bearer ${text}` } })).status;

const metadata = await (await fetch(`${U}/.well-known/openid-configuration`)).json();
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
const wanted = { issuer: metadata.issuer, audience: U, typ: "at+jwt", algorithms: ["ES256"] };
const first = await token();
assert.equal(await call(first), 200);
await token();
assert.equal(await call(first), 401, "the provider has ended it");
const { payload } = await jwtVerify(first, keys, wanted);
assert.equal(payload.sub, ID, "jose still believes it");
await assert.rejects(jwtVerify(first, keys, { ...wanted, audience: "https://elsewhere.example" }));
await assert.rejects(jwtVerify(first.slice(0, -3) + (first.endsWith("AAA") ? "BBB" : "AAA"), keys, wanted));
console.log("jose ok");
