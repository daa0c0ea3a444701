//! yup-oauth2, a service account whose token endpoint is the emulator's.

#[path = "../../driving.rs"]
mod driving;

use yup_oauth2::{ServiceAccountAuthenticator, ServiceAccountKey};

#[tokio::main(worker_threads = 2)]
async fn main() {
    let key: ServiceAccountKey = serde_json::from_str(&driving::key()).expect("a key of a service account");
    let authenticator = ServiceAccountAuthenticator::builder(key)
        .build()
        .await
        .expect("an authenticator");
    driving::drive(authenticator, |authenticator| async move {
        let token = authenticator.token(&["x"]).await;
        token.map(|token| token.token().unwrap_or_default().to_owned())
    })
    .await;
}
