-- What wrk sends: ASK is `token`, `call`, or a path that is asked about the token by POST. The token itself is in TOKEN.
wrk.headers["Authorization"] = "Basic YXBwOnNlY3JldA=="
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
local ask, token = os.getenv("ASK"), os.getenv("TOKEN")
if ask == "token" then
  wrk.method = "POST"
  wrk.body = "grant_type=client_credentials"
elseif ask == "call" then
  wrk.headers["Content-Type"] = nil
  wrk.headers["Authorization"] = "Bearer " .. token
else
  wrk.method = "POST"
  wrk.body = "token=" .. token
end
