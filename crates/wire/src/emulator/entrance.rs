//! Who a client is, and whether it is let in.

use axum::http::HeaderMap;

use super::answer::Answer;
use super::carry::Shared;
use super::parameters::{Credentials, Parameters};
use super::registry::Stranger;

/// The client of a request, let in.
pub(super) fn client(shared: &Shared, headers: &HeaderMap, parameters: &Parameters) -> Result<u16, Answer> {
    let invalid = |wrong| Answer::oauth_error(400, "invalid_request", wrong);
    let credentials = Credentials::of(headers, parameters).map_err(invalid)?;
    let Some(Credentials {
        id,
        secret,
        as_sent,
        basic,
    }) = credentials
    else {
        let wanted = "no client: send its id and secret by HTTP Basic, or as client_id and client_secret";
        return Err(Answer::invalid_client(true, wanted));
    };
    if id.len() > 1024 || secret.len() > 8192 {
        return Err(invalid("the client's id or secret is too long"));
    }
    let mut backend = shared.backend();
    let entered = backend.enter(&id, &secret);
    let entered = match (entered, as_sent) {
        (Err(Stranger::WrongSecret), Some(raw)) if raw != secret => backend.enter(&id, &raw),
        (entered, _) => entered,
    };
    entered.map_err(|stranger| {
        let wrong = match stranger {
            Stranger::Unknown => {
                let known: Vec<_> = backend.clients.ids().take(8).map(|id| format!("`{id}`")).collect();
                format!("no client of this id; there are: {}", known.join(", "))
            }
            Stranger::WrongSecret => "the client has shown another secret before".to_owned(),
            Stranger::TooMany => {
                "10,000 clients have registered; `POST /_tokenstorm/reset` does not forget them, a new start does"
                    .to_owned()
            }
        };
        Answer::invalid_client(basic, &wrong)
    })
}
