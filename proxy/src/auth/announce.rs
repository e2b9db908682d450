//! What the start says about who may come in.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{AuthPlugin, AuthScope, AuthSource, Authentication};
use crate::event::{Event, OptionWarning};
use crate::settings::{PlainClients, Settings};

/// The line about the gate, with how many rules it knows, and what to be wary of.
pub(crate) fn announce(
    authentication: &Authentication,
    rules: usize,
    settings: &Settings,
) -> Vec<Event> {
    let Authentication { plugin, scope, ref source } = *authentication;
    let warnings = match (plugin, scope) {
        (AuthPlugin::BasicHttpAuth, _) => {
            let in_the_clear =
                settings.plain == PlainClients::Allowed && settings.listen.is_open_to_others();
            [in_the_clear.then_some(OptionWarning::PasswordsInTheClear), open_to_others(source)]
        }
        (AuthPlugin::ExpectOrigin, AuthScope::SessionsAndPages) => {
            [Some(OptionWarning::PagesHaveNoOrigin), None]
        }
        (AuthPlugin::ExpectOrigin | AuthPlugin::ClientCertCnAuth, _) => [None, None],
    };
    let warnings = warnings.into_iter().flatten().map(Event::OptionWarning);
    std::iter::once(Event::Authentication(plugin, rules, scope)).chain(warnings).collect()
}

/// A file that all others can read. That its group can is what a service needs that runs under a user of its own.
fn open_to_others(source: &AuthSource) -> Option<OptionWarning> {
    let AuthSource::File(path) = source else { return None };
    let open = fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 != 0);
    open.then(|| OptionWarning::SecretReadableByOthers(path.clone()))
}
