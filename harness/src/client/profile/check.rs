//! What a client's file must and must not say beyond its form.

use toml::Spanned;

use super::{Leaving, Profile, Refuses};
use crate::{
    data::{DataError, Source},
    fault::Area,
    observation::Moment,
};

impl Profile {
    /// That the file says nothing twice, nothing in the wrong place, and nothing that cannot be done.
    pub(super) fn check(&self, source: &Source) -> Result<(), DataError> {
        if self.hello.tls.is_empty() {
            return Err(source.error(0..0, "`hello.tls` offers no version of TLS"));
        }
        if let Some(version) = self.hello.tls.iter().find(|v| !self.refusal.moment.contains_key(v))
        {
            return Err(source.error(
                0..0,
                format!(
                    "`refusal.moment` does not say when this client refuses under TLS {version}"
                ),
            ));
        }
        // A particular rule stands before the general one; where it is written is its precedence.
        let general = self.refuses.iter().filter(|rule| rule.is_general());
        for fault in
            self.refuses.iter().filter(|rule| !rule.is_general()).flat_map(|rule| &rule.faults)
        {
            if fault.get_ref().area() != Area::Certificate {
                let message = format!("`{}` is no certificate fault", fault.get_ref());
                return Err(source.error(fault.span(), message));
            }
        }
        let refused = general.flat_map(|rule| &rule.faults);
        let reported = self.reports.iter().flat_map(|rule| {
            let versions = rule.tls.as_ref();
            rule.schemes.iter().flat_map(move |scheme| {
                rule.faults.iter().map(move |fault| (fault, (*scheme, versions)))
            })
        });
        let listed = refused
            .map(|fault| (fault, Area::Certificate, None))
            .chain(reported.map(|(fault, scheme)| (fault, Area::Connection, Some(scheme))));
        let mut seen = Vec::new();
        for (fault, area, scheme) in listed {
            let (span, fault) = (fault.span(), *fault.get_ref());
            if fault.area() != area {
                let message = format!(
                    "`{fault}` is a {} fault, and this list is for {area} faults",
                    fault.area()
                );
                return Err(source.error(span, message));
            }
            if seen.contains(&(fault, scheme)) {
                return Err(source.error(span, format!("`{fault}` is listed twice")));
            }
            seen.push((fault, scheme));
        }
        self.refuses.iter().try_for_each(|rule| self.check_rule(rule, source))
    }

    fn check_rule(&self, rule: &Refuses, source: &Source) -> Result<(), DataError> {
        let place = rule.faults.first().map_or(0..0, Spanned::span);
        match (&self.exceptions, rule.exception) {
            (Some(_), None) => {
                let message = "`exception` does not say whether the warning page offers to go on";
                return Err(source.error(place, message));
            }
            (None, Some(_)) => {
                let message = "this client has no `[exceptions]`, so no warning page to go on from";
                return Err(source.error(place, message));
            }
            _ => {}
        }
        let during = self
            .hello
            .tls
            .iter()
            .any(|version| self.moment(rule.moment, *version) == Moment::DuringHandshake);
        if rule.leaves.unwrap_or(self.refusal.leaves) == Leaving::Notifies
            && (during || rule.alert.is_some())
        {
            let message = "close_notify is for a refusal after the handshake and without an alert";
            return Err(source.error(place, message));
        }
        Ok(())
    }
}
