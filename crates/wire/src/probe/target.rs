//! What is probed, and who asks: URLs, the client, and how it obtains grants. Secrets are shown to nobody.

use std::fmt;

/// How users log in, so that grants begin.
#[derive(Clone, Default)]
pub enum Logins {
    /// They do not.
    #[default]
    Nobody,
    /// By the grant `password` (RFC 6749, section 4.3), as often as one likes.
    Password {
        /// The user.
        user: String,
        /// The user's password.
        password: String,
    },
    /// By refresh tokens that were obtained before, each of a login of its own.
    RefreshTokens(Vec<String>),
}

/// Where a client shows its id and secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// By HTTP Basic.
    #[default]
    Basic,
    /// Among the parameters.
    Body,
}

/// Where a call shows its token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenPlace {
    /// In the header `Authorization`, as a bearer token.
    #[default]
    Header,
    /// In the query, as `access_token`.
    Query,
}

/// A provider as the probe reaches it.
#[derive(Clone, Default)]
pub struct ProbeTarget {
    /// The token endpoint.
    pub token_url: String,
    /// Something that asks for a token.
    pub api_url: String,
    /// Where the clock of an emulator is moved.
    pub clock_url: Option<String>,
    /// The bearer token that its control plane asks for.
    pub clock_secret: Option<String>,
    /// The client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Where it shows them.
    pub client_auth: ClientAuth,
    /// Where calls show their token.
    pub token_place: TokenPlace,
    /// The grant type by which the client obtains tokens for itself.
    pub grant_type: String,
    /// More parameters of every token request.
    pub parameters: Vec<(String, String)>,
    /// The parameter that names a slot.
    pub slot_parameter: Option<String>,
    /// The parameter that forces a new token, and its value.
    pub force_parameter: (String, String),
    /// How grants begin.
    pub logins: Logins,
}

impl fmt::Debug for ProbeTarget {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Secrets are nobody's business.
        to.debug_struct("ProbeTarget")
            .field("token_url", &self.token_url)
            .finish_non_exhaustive()
    }
}

impl ProbeTarget {
    /// All texts that must never be shown. One of a few letters stands in every text, and is no secret.
    pub(super) fn secrets(&self) -> Vec<&str> {
        let mut all = vec![self.client_secret.as_str()];
        all.extend(self.clock_secret.as_deref());
        match &self.logins {
            Logins::Nobody => {}
            Logins::Password { password, .. } => all.push(password),
            Logins::RefreshTokens(tokens) => all.extend(tokens.iter().map(String::as_str)),
        }
        all.retain(|secret| secret.len() >= 4);
        all
    }
}
