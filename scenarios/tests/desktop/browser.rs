//! A browser without a head, which trusts an authority because it was imported into its own store, as a user would.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

use super::common::{free_address, group::Group, wait_for};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brand {
    Chromium,
    Firefox,
}

impl Brand {
    /// The program that drives it.
    pub fn driver(self) -> &'static str {
        match self {
            Self::Chromium => "chromedriver",
            Self::Firefox => "geckodriver",
        }
    }
}

pub struct Browser {
    client: Client,
    _driver: Group,
}

impl Browser {
    /// Starts one that lives in `folder` and trusts the authority in the file.
    pub async fn start(brand: Brand, folder: &Path, authority: &Path) -> Self {
        let home = folder.join("home");
        // Chromium on Linux has the certificates of its user there, Firefox those of a profile in the profile.
        let (store, capabilities) = match brand {
            Brand::Chromium => (home.join(".pki/nssdb"), chromium(&home.join("profile"))),
            Brand::Firefox => (home.join("profile"), firefox(&home.join("profile"))),
        };
        import(authority, &store);
        let address = free_address();
        let mut command = Command::new(brand.driver());
        command
            .arg(format!("--port={}", address.port()))
            .env("HOME", &home)
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(folder.join("driver.log")).unwrap())
            .stderr(Stdio::null());
        if brand == Brand::Firefox {
            // Else every Firefox takes one and the same port for its remote agent.
            command.arg("--websocket-port=0");
        }
        let driver = Group::spawn(command);
        wait_for("the driver listens", || std::net::TcpStream::connect(address).ok());
        let mut builder =
            ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities(serde_json::from_value(capabilities).unwrap());
        let client = builder.connect(&format!("http://{address}")).await.unwrap();
        Self { client, _driver: driver }
    }

    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Runs a script in the page.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// The bytes of a canvas, four for each pixel; none while there is no canvas.
    pub async fn pixels(&self, canvas: &str) -> Vec<u8> {
        let script = r#"
            const canvas = document.querySelector(arguments[0]);
            if (!canvas || !canvas.width) return "";
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let text = "";
            for (let at = 0; at < data.length; at += 8192)
                text += String.fromCharCode(...data.subarray(at, at + 8192));
            return btoa(text);
        "#;
        let pixels = self.client.execute(script, vec![json!(canvas)]).await.unwrap();
        STANDARD.decode(pixels.as_str().unwrap()).unwrap()
    }

    /// Types into an element, key by key.
    pub async fn type_into(&self, element: &str, text: &str) {
        let element = self.client.find(Locator::Css(element)).await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    pub async fn end(self) {
        self.client.close().await.unwrap();
    }
}

fn chromium(profile: &Path) -> Value {
    let mut arguments = vec![
        "--headless=new".to_owned(),
        "--disable-gpu".to_owned(),
        "--no-first-run".to_owned(),
        format!("--user-data-dir={}", profile.display()),
    ];
    if nix::unistd::geteuid().is_root() {
        // Its process sandbox does not run as root; certificates are none of its business.
        arguments.push("--no-sandbox".to_owned());
    }
    json!({ "browserName": "chrome", "goog:chromeOptions": { "args": arguments } })
}

fn firefox(profile: &Path) -> Value {
    let arguments = ["-headless".to_owned(), "-profile".to_owned(), profile.display().to_string()];
    json!({ "browserName": "firefox", "moz:firefoxOptions": { "args": arguments } })
}

/// Imports an authority into a certificate store of NSS, as its certificate manager would.
fn import(authority: &Path, store: &PathBuf) {
    std::fs::create_dir_all(store).unwrap();
    let store = format!("sql:{}", store.display());
    let certutil = |arguments: &[&str]| {
        let status = Command::new("certutil").args(["-d", &store]).args(arguments).status();
        assert!(status.unwrap().success(), "certutil {arguments:?}");
    };
    certutil(&["-N", "--empty-password"]);
    certutil(&["-A", "-n", "wssure", "-t", "C,,", "-i", authority.to_str().unwrap()]);
}
