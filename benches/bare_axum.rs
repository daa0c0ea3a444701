//! The least that could be answered: axum, one handler, a constant. `benches/serve_load.sh` measures `tokenstorm serve` beside it.

use axum::Router;
use tokio::net::TcpListener;

const TOKEN: &str = r#"{"access_token":"AAAAAAAAAAAAAAAAAAAAAAAAAAA","token_type":"bearer","expires_in":3599,"scope":"api","api_url":"http://127.0.0.1:8080"}"#;

async fn constant() -> ([(&'static str, &'static str); 1], &'static str) {
    ([("content-type", "application/json")], TOKEN)
}

#[tokio::main]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("http://{}", listener.local_addr().expect("it listens"));
    // Without axum's own server, which the emulator does not use either.
    let router = Router::new().fallback(constant);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _small_answers_at_once = stream.set_nodelay(true);
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        let io = hyper_util::rt::TokioIo::new(stream);
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
    }
}
