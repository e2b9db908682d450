//! How tokens are looked up, by the names of websockify's plugins.

use std::fmt;

/// How tokens are looked up: by websockify's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenPlugin {
    /// Lines of `TOKEN: HOST:PORT` or `TOKEN: unix_socket:PATH` in a file, or in each file of a folder, which are read
    /// once.
    ReadOnlyTokenFile,
    /// The same, read anew for each session.
    TokenFile,
    /// A folder with a file for each token, of its name, in which there is `HOST:PORT`.
    TokenFileName,
    /// A folder with a Unix socket for each token, of its name.
    UnixDomainSocketDirectory,
    /// A server that answers with `HOST:PORT` over HTTP.
    BaseTokenApi,
    /// A server that answers with `{"host": "HOST", "port": PORT}` over HTTP.
    JsonTokenApi,
    /// Tokens that hold their target, and are signed (RFC 7519).
    JwtTokenApi,
    /// Values of a Redis.
    TokenRedis,
}

impl TokenPlugin {
    /// Those that there are.
    pub const ALL: [Self; 8] = [
        Self::ReadOnlyTokenFile,
        Self::TokenFile,
        Self::TokenFileName,
        Self::UnixDomainSocketDirectory,
        Self::BaseTokenApi,
        Self::JsonTokenApi,
        Self::JwtTokenApi,
        Self::TokenRedis,
    ];

    /// websockify's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnlyTokenFile => "ReadOnlyTokenFile",
            Self::TokenFile => "TokenFile",
            Self::TokenFileName => "TokenFileName",
            Self::UnixDomainSocketDirectory => "UnixDomainSocketDirectory",
            Self::BaseTokenApi => "BaseTokenAPI",
            Self::JsonTokenApi => "JSONTokenApi",
            Self::JwtTokenApi => "JWTTokenApi",
            Self::TokenRedis => "TokenRedis",
        }
    }
}

impl fmt::Display for TokenPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// With or without the module in which websockify has them.
impl std::str::FromStr for TokenPlugin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix("websockify.token_plugins.").unwrap_or(text);
        Self::ALL.into_iter().find(|plugin| plugin.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|plugin| plugin.name()).collect();
            format!(
                "there is no such plugin here, and no code is loaded; there are {}",
                names.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_have_websockifys_names() {
        for plugin in TokenPlugin::ALL {
            assert_eq!(plugin.name().parse(), Ok(plugin));
            assert_eq!(format!("websockify.token_plugins.{plugin}").parse(), Ok(plugin));
        }
        let error = "my.Plugin".parse::<TokenPlugin>().unwrap_err();
        assert!(error.contains("no code is loaded; there are ReadOnlyTokenFile, "), "{error}");
    }
}
