//! gcp_auth, a service account whose token endpoint is the emulator's.

#[path = "../../driving.rs"]
mod driving;

use gcp_auth::{CustomServiceAccount, TokenProvider};

#[tokio::main(worker_threads = 2)]
async fn main() {
    let account = CustomServiceAccount::from_json(&driving::key()).expect("a key of a service account");
    driving::drive(account, |account| async move {
        account.token(&["x"]).await.map(|token| token.as_str().to_owned())
    })
    .await;
}
