//! The ways that messages take.

/// A way that a message takes; latency and loss are the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leg {
    /// Node to token endpoint (u).
    TokenRequest,
    /// Token endpoint to node (v).
    TokenResponse,
    /// Node to API (c).
    ApiRequest,
    /// API to node (r).
    ApiResponse,
    /// Node to store.
    StoreRequest,
    /// Store to node.
    StoreResponse,
    /// Node to gateway.
    GatewayRequest,
    /// Gateway to node.
    GatewayResponse,
    /// Within the token endpoint: how long a server is busy.
    TokenService,
    /// Within the API: how long a server is busy.
    ApiService,
    /// Node to node.
    Peer,
    /// Node to the second provider's token endpoint.
    SecondTokenRequest,
    /// The second provider's token endpoint to node.
    SecondTokenResponse,
    /// Node to the second provider's API.
    SecondApiRequest,
    /// The second provider's API to node.
    SecondApiResponse,
    /// Within the second provider's token endpoint: how long a server is busy.
    SecondTokenService,
    /// Within the second provider's API: how long a server is busy.
    SecondApiService,
}

/// How many kinds of [`Leg`] there are.
pub const LEGS: usize = 17;

impl Leg {
    /// Every leg, by its number.
    pub const ALL: [Self; LEGS] = [
        Self::TokenRequest,
        Self::TokenResponse,
        Self::ApiRequest,
        Self::ApiResponse,
        Self::StoreRequest,
        Self::StoreResponse,
        Self::GatewayRequest,
        Self::GatewayResponse,
        Self::TokenService,
        Self::ApiService,
        Self::Peer,
        Self::SecondTokenRequest,
        Self::SecondTokenResponse,
        Self::SecondApiRequest,
        Self::SecondApiResponse,
        Self::SecondTokenService,
        Self::SecondApiService,
    ];

    /// The same way to the second provider or from it; ways that lead to neither are those of both.
    #[inline]
    pub const fn of_second(self) -> Self {
        match self {
            Self::TokenRequest => Self::SecondTokenRequest,
            Self::TokenResponse => Self::SecondTokenResponse,
            Self::ApiRequest => Self::SecondApiRequest,
            Self::ApiResponse => Self::SecondApiResponse,
            Self::TokenService => Self::SecondTokenService,
            Self::ApiService => Self::SecondApiService,
            other => other,
        }
    }
}
