//! The token in a request.

use http::{Request, header};

use super::TokenFrom;

/// The token, if there is one that is not empty.
pub(crate) fn token<B>(request: &Request<B>, from: TokenFrom) -> Option<String> {
    let token = match from {
        TokenFrom::Query => {
            let query = request.uri().query()?;
            let first =
                form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token")?;
            // As websockify does, for those that were read from a file with its last line break.
            first.1.trim_end_matches('\n').to_owned()
        }
        TokenFrom::HostHeader => host(request)?.to_owned(),
    };
    (!token.is_empty()).then_some(token)
}

/// The name in the `Host` header, without the port and an IPv6 address' brackets.
fn host<B>(request: &Request<B>) -> Option<&str> {
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    Some(match host.strip_prefix('[') {
        Some(address) => address.split(']').next()?,
        None => host.split(':').next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str, from: TokenFrom) -> Option<String> {
        token(&Request::get(path).header("Host", "desk.example:6080").body(()).unwrap(), from)
    }

    #[test]
    fn it_is_in_the_query() {
        let token = |path| asked(path, TokenFrom::Query);
        assert_eq!(token("/x?a=1&token=t%3A1+2&token=z").as_deref(), Some("t:1 2"));
        assert_eq!(token("/?token=t%0a").as_deref(), Some("t"));
        assert_eq!(token("/?token="), None);
        assert_eq!(token("/?Token=t"), None);
        assert_eq!(token("/token=t"), None);
    }

    #[test]
    fn or_in_the_host_header() {
        assert_eq!(asked("/?token=t", TokenFrom::HostHeader).as_deref(), Some("desk.example"));
        let of = |host| {
            token(&Request::get("/").header("Host", host).body(()).unwrap(), TokenFrom::HostHeader)
        };
        assert_eq!(of("[::1]:6080").as_deref(), Some("::1"));
        assert_eq!(of(":6080"), None);
        assert_eq!(token(&Request::get("/").body(()).unwrap(), TokenFrom::HostHeader), None);
    }
}
