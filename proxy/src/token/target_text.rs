//! Targets as token sources write them.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::settings::{Target, target_endpoint};

/// `HOST:PORT` or `unix_socket:PATH`.
pub(super) fn target(text: &str) -> Result<Target, String> {
    if let Some(path) = text.strip_prefix("unix_socket:") {
        return match path.trim() {
            "" => Err("a path should follow unix_socket:".to_owned()),
            path => Ok(Target::Unix(PathBuf::from(path))),
        };
    }
    target_endpoint(text).map(Target::Tcp)
}

/// `{"host": "HOST", "port": PORT}`, where the port may be a string, or stand behind the host.
pub(super) fn target_of(object: &Map<String, Value>) -> Result<Target, String> {
    let Some(Value::String(host)) = object.get("host") else {
        return Err("it has no \"host\" that is a string".to_owned());
    };
    let port = match object.get("port") {
        None => return target(host),
        Some(Value::String(port)) => port.clone(),
        Some(Value::Number(port)) => port.to_string(),
        Some(_) => return Err("its \"port\" is neither a number nor a string".to_owned()),
    };
    if host.contains(':') && !host.starts_with('[') {
        target(&format!("[{host}]:{port}"))
    } else {
        target(&format!("{host}:{port}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_target_is_an_endpoint_or_a_socket() {
        assert_eq!(target("[::1]:5900").unwrap().to_string(), "[::1]:5900");
        assert_eq!(target("unix_socket:/run/a").unwrap(), Target::Unix("/run/a".into()));
        assert!(target("unix_socket:").is_err());
        assert!(target("5900").is_err());
        assert!(target("host:vnc").is_err());
    }

    fn of(json: &str) -> Result<String, String> {
        let Value::Object(object) = serde_json::from_str(json).unwrap() else { panic!("{json}") };
        target_of(&object).map(|target| target.to_string())
    }

    #[test]
    fn an_object_names_host_and_port() {
        assert_eq!(of(r#"{"host": "h", "port": 5900}"#).unwrap(), "h:5900");
        assert_eq!(of(r#"{"host": "h", "port": "5900", "x": []}"#).unwrap(), "h:5900");
        assert_eq!(of(r#"{"host": "h:1"}"#).unwrap(), "h:1");
        assert_eq!(of(r#"{"host": "::1", "port": 1}"#).unwrap(), "[::1]:1");
        assert_eq!(of(r#"{"host": "[::1]", "port": 1}"#).unwrap(), "[::1]:1");
        assert_eq!(
            of(r#"{"host": "unix_socket", "port": "/run/x"}"#).unwrap(),
            "unix_socket:/run/x"
        );
        for bad in [
            "{}",
            r#"{"host": 1, "port": 1}"#,
            r#"{"host": "h"}"#,
            r#"{"host": "h", "port": 65536}"#,
            r#"{"host": "h", "port": 5900.5}"#,
            r#"{"host": "h", "port": -1}"#,
            r#"{"host": "h", "port": null}"#,
            r#"{"host": "", "port": 1}"#,
        ] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_words_are_a_target_or_none(host in any::<String>(), port in any::<String>()) {
            let object = serde_json::json!({"host": host, "port": port});
            let _ = target_of(object.as_object().unwrap());
            let _ = target(&host);
        }
    }
}
