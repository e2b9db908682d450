//! The command that plays one cell of a run again.

use std::collections::BTreeMap;

use crate::client::real::REMOTE;

/// How the run was called, but for what chooses its cells.
#[derive(Clone, Debug)]
pub struct Again {
    program: String,
    options: Vec<String>,
    /// What was given for a client, by the client's name.
    clients: BTreeMap<String, String>,
}

impl Again {
    /// A run of that program without options.
    pub fn new(program: &str) -> Self {
        Self { program: program.to_owned(), options: Vec::new(), clients: BTreeMap::new() }
    }

    /// The same with an option that every repetition needs.
    #[must_use]
    pub fn option(mut self, option: &str, value: &str) -> Self {
        self.options.extend([option.to_owned(), quote(value)]);
        self
    }

    /// The same, where a client was called by something else than its name: its file.
    #[must_use]
    pub fn client(mut self, name: &str, given: &str) -> Self {
        self.clients.insert(name.to_owned(), given.to_owned());
        self
    }

    /// The command for a case, and a client if one is meant.
    pub fn command(&self, case: &str, client: Option<&str>) -> String {
        self.line("run", &[case], client.map(|client| ("--client", client)))
    }

    /// The command for several cases of one client.
    pub fn cases(&self, cases: &[&str], client: &str) -> String {
        self.line("run", cases, [("--client", client)])
    }

    /// The command that holds a simulated client against a real one in these cases.
    pub fn comparison(&self, cases: &[&str], simulated: &str, real: &str) -> String {
        self.line("compare", cases, [("--simulated", simulated), ("--real", real)])
    }

    fn line<'a>(
        &self,
        command: &str,
        cases: &[&str],
        clients: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> String {
        let mut words = vec![self.program.clone(), command.to_owned()];
        words.extend(cases.iter().map(|case| quote(case)));
        for (option, client) in clients {
            if let Some(name) = client.strip_prefix(REMOTE) {
                // Its endpoint may hold a password, and is left to whoever has it.
                words.extend(["--webdriver".to_owned(), quote(&format!("{name}=..."))]);
                continue;
            }
            let given = self.clients.get(client).map_or(client, String::as_str);
            words.extend([option.to_owned(), quote(given)]);
        }
        words.extend(self.options.iter().cloned());
        words.join(" ")
    }
}

/// As a shell reads it.
fn quote(word: &str) -> String {
    // Only a NUL cannot be quoted, and no argument holds one.
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), |quoted| quoted.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_played_again_with_what_the_run_was_given() {
        let again = Again::new("wssure")
            .option("--subject", "my proxy.toml")
            .client("mine", "clients/mine.toml");
        assert_eq!(
            again.command("wiki/a", Some("mine")),
            "wssure run wiki/a --client clients/mine.toml --subject 'my proxy.toml'"
        );
        assert_eq!(
            again.command("wiki/a", Some("remote:phone")),
            "wssure run wiki/a --webdriver 'phone=...' --subject 'my proxy.toml'"
        );
        assert_eq!(again.command("wiki/a", None), "wssure run wiki/a --subject 'my proxy.toml'");
        assert_eq!(
            again.comparison(&["wiki/a", "wiki/b"], "ios", "ios"),
            "wssure compare wiki/a wiki/b --simulated ios --real ios --subject 'my proxy.toml'"
        );
    }
}
