//! Access tokens in the shape of a JWT (RFC 9068): signed, so that whoever has the public key reads them and believes them, also when
//! the provider has long ended them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// What a token says of itself; times are seconds of the emulator's clock since the beginning of 1970.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Claims<'a> {
    pub iss: &'a str,
    pub sub: &'a str,
    pub aud: &'a str,
    pub client_id: &'a str,
    pub scope: &'a str,
    pub iat: u64,
    pub exp: u64,
    /// By which the provider itself knows it again.
    pub jti: &'a str,
}

/// Signs by ES256 (RFC 7518, section 3.4); the same claims get the same signature (RFC 6979).
pub(super) struct JwtKey {
    private: SigningKey,
    public: VerifyingKey,
    /// Everything that precedes the claims, encoded.
    head: String,
    jwk: Value,
}

impl JwtKey {
    /// The key that follows from a secret.
    pub fn of(secret: &[u8]) -> Self {
        let private = (0u8..)
            .find_map(|number| {
                let mut hash = Sha256::new();
                hash.update(b"tokenstorm serve, ES256");
                hash.update([number]);
                hash.update(secret);
                // One in four thousand million digests is no key.
                SigningKey::from_slice(&hash.finalize()).ok()
            })
            .expect("one of 256 digests is a key");
        let public = *private.verifying_key();
        let point = public.to_sec1_point(false);
        let [x, y] =
            [point.x(), point.y()].map(|part| URL_SAFE_NO_PAD.encode(part.expect("it is no point at infinity")));
        // RFC 7638, section 3.
        let thumb = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(thumb));
        let head = json!({"alg": "ES256", "kid": kid, "typ": "at+jwt"}).to_string();
        Self {
            private,
            public,
            head: URL_SAFE_NO_PAD.encode(head),
            jwk: json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256", "kid": kid}),
        }
    }

    /// The public key (RFC 7517).
    pub fn jwks(&self) -> Value {
        json!({"keys": [self.jwk]})
    }

    pub fn sign(&self, claims: &Claims<'_>) -> String {
        let claims = serde_json::to_string(claims).expect("claims are plain data");
        let said = format!("{}.{}", self.head, URL_SAFE_NO_PAD.encode(claims));
        let signature: Signature = self.private.sign(said.as_bytes());
        format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// By what the provider knows a token that it signed; none where it did not.
    pub fn verified(&self, text: &str) -> Option<String> {
        let (said, signature) = text.rsplit_once('.')?;
        let (head, claims) = said.split_once('.')?;
        if head != self.head {
            return None;
        }
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        self.public.verify(said.as_bytes(), &signature).ok()?;
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        Some(claims["jti"].as_str()?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIMS: Claims<'_> = Claims {
        iss: "http://127.0.0.1:1",
        sub: "app",
        aud: "http://127.0.0.1:1",
        client_id: "app",
        scope: "api",
        iat: 0,
        exp: 3600,
        jti: "x",
    };

    #[test]
    fn only_its_own_signature_is_taken() {
        let key = JwtKey::of(b"a");
        let text = key.sign(&CLAIMS);
        assert_eq!(key.verified(&text).as_deref(), Some("x"));
        assert_eq!(text, key.sign(&CLAIMS), "the same claims, the same text");
        assert_eq!(JwtKey::of(b"b").verified(&text), None);
        let other = key.sign(&Claims { exp: 7200, ..CLAIMS });
        let [head, _, signature] = text.split('.').collect::<Vec<_>>()[..] else {
            panic!("three parts");
        };
        let claims = other.split('.').nth(1).unwrap();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        for forged in [
            format!("{head}.{claims}.{signature}"),
            format!("{none}.{claims}."),
            format!("{head}.{claims}."),
            format!("{head}.{claims}"),
            "..".to_owned(),
            String::new(),
        ] {
            assert_eq!(key.verified(&forged), None, "{forged}");
        }
    }
}
