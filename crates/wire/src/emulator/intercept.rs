//! Hosts that clients have hard-coded: a proxy that answers `CONNECT` itself and terminates TLS by certificates of an authority
//! made for this run. Nothing is ever forwarded: whatever a client asks of whichever host is asked of the emulated provider.

mod authority;
mod truststore;
mod tunnel;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

pub(super) use authority::Authority;
pub(super) use tunnel::open;

/// Hosts that clients reach without the proxy: the machine's own.
const DIRECT: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The certificate of the authority, in files that only this user reads, until it is dropped. The key is never written.
pub(super) struct CaFiles {
    folder: TempDir,
}

impl CaFiles {
    /// # Errors
    /// When the folder for temporary files cannot be written.
    pub fn write(authority: &Authority) -> std::io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("tokenstorm-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(std::fs::Permissions::from_mode(0o700));
        }
        let files = Self {
            folder: builder.tempdir()?,
        };
        let write = |path: &Path, bytes: &[u8]| private().open(path)?.write_all(bytes);
        write(&files.pem(), authority.pem().as_bytes())?;
        let store = truststore::of("tokenstorm", authority.der(), std::time::SystemTime::now());
        write(&files.truststore(), &store)?;
        Ok(files)
    }

    pub fn pem(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn truststore(&self) -> PathBuf {
        self.folder.path().join("ca.jks")
    }

    /// What clients read of their environment, by what kind of client: names and values.
    pub fn environment(&self, proxy: SocketAddr) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
        let url = format!("http://{proxy}");
        let pem = self.pem().display().to_string();
        let direct = DIRECT.join(",");
        let java = format!(
            "-Dhttps.proxyHost={host} -Dhttps.proxyPort={port} -Dhttp.proxyHost={host} -Dhttp.proxyPort={port} \
             -Dhttp.nonProxyHosts=localhost|127.*|[::1] -Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStoreType=JKS",
            host = proxy.ip(),
            port = proxy.port(),
            store = self.truststore().display(),
        );
        let proxies = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
        let mut every: Vec<_> = proxies.map(|name| (name, url.clone())).into();
        every.extend(["NO_PROXY", "no_proxy"].map(|name| (name, direct.clone())));
        vec![
            ("every client", every),
            (
                "Node",
                vec![
                    ("NODE_EXTRA_CA_CERTS", pem.clone()),
                    ("NODE_USE_ENV_PROXY", "1".to_owned()),
                ],
            ),
            ("Go, and Python (httpx, urllib)", vec![("SSL_CERT_FILE", pem.clone())]),
            ("Python (requests)", vec![("REQUESTS_CA_BUNDLE", pem.clone())]),
            ("curl", vec![("CURL_CA_BUNDLE", pem)]),
            ("Java", vec![("JAVA_TOOL_OPTIONS", java)]),
        ]
    }
}

/// A file that is new, and only this user's.
fn private() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}
