//! A fault's page: what it means, its mend, and how each client words it.

use std::io::{self, Write};

use wssure_harness::{
    Fault,
    client::{
        self, Profile, Scheme,
        profile::{Leaving, Offer},
    },
    fault::{Area, Remedy},
    observation::{Finding, Moment},
};

use super::HEADING;
use crate::{exit::Failure, mending};

/// Prints it.
///
/// # Errors
/// A client's file that is built in is wrong; a test sees to it that none is.
pub(super) fn write(fault: Fault) -> Result<(), Failure> {
    let clients = client::built_in()?;
    let mut out = anstream::stdout().lock();
    writeln!(out, "{HEADING}{fault}{HEADING:#} ({} fault)", fault.area())?;
    writeln!(out, "  {}\n", fault.meaning())?;
    writeln!(out, "{HEADING}Mend{HEADING:#}\n  {}\n", fault.mend())?;
    if fault.remedy() != Remedy::Words {
        mending::write(&fault.remedy().commands(None), &mut out)?;
        writeln!(out)?;
    }
    writeln!(out, "{HEADING}Source{HEADING:#}\n  {}\n", fault.source())?;
    let profiles: Vec<&Profile> = clients.iter().map(AsRef::as_ref).collect();
    match fault.area() {
        Area::Certificate => {
            writeln!(out, "{HEADING}What each client makes of it{HEADING:#}")?;
            table(&profiles, |profile| certificate_words(profile, fault), &mut out)?;
        }
        Area::File => {
            writeln!(
                out,
                "No client sees the proxy's files: to it the connection just ends, if the proxy starts at all.\n"
            )?;
            for seen in [Fault::ConnectionClosed, Fault::ConnectionReset] {
                writeln!(out, "{HEADING}What each client makes of {seen}{HEADING:#}")?;
                table(&profiles, |profile| connection_words(profile, seen), &mut out)?;
            }
        }
        Area::Connection => {
            writeln!(out, "{HEADING}What each client makes of it{HEADING:#}")?;
            table(&profiles, |profile| connection_words(profile, fault), &mut out)?;
        }
    }
    Ok(())
}

fn table(
    profiles: &[&Profile],
    words: impl Fn(&Profile) -> String,
    out: &mut dyn Write,
) -> io::Result<()> {
    let width = profiles.iter().map(|profile| profile.name.len()).max().unwrap_or_default();
    profiles
        .iter()
        .try_for_each(|profile| writeln!(out, "  {:width$}  {}", profile.name, words(profile)))
}

fn certificate_words(profile: &Profile, fault: Fault) -> String {
    let finding = |fault| Finding { fault, place: None, detail: String::new() };
    let found: Vec<Finding> = [fault].into_iter().chain(fault.comes_with()).map(finding).collect();
    let Some(judgement) = profile.refusal_of(&found.iter().collect::<Vec<_>>()) else {
        return "does not mind".to_owned();
    };
    let mut words = Vec::new();
    if judgement.fault != fault {
        words.push(format!("says `{}`", judgement.fault));
    }
    words.push(judgement.code.map_or_else(|| "no code".to_owned(), |code| format!("code {code}")));
    let when = judgement.moment.map_or_else(|| moments(profile), |moment| moment.to_string());
    words.push(match (judgement.alert, judgement.leaves) {
        (Some(alert), _) => format!("alert {alert} ({}) {when}", alert.0),
        (None, Leaving::Notifies) => format!("no alert but close_notify, it leaves {when}"),
        (None, _) => format!("no alert, it leaves {when}"),
    });
    words.push(format!("close code {}", profile.refusal.close_code));
    words.push(
        match (&profile.exceptions, judgement.exception) {
            (None, _) => "it has no warning to override",
            (Some(_), Offer::Offered) => "its warning can be overridden",
            (Some(_), Offer::Never) => "its warning cannot be overridden",
        }
        .to_owned(),
    );
    words.join("; ")
}

/// When it refuses, by TLS version only where that makes a difference.
fn moments(profile: &Profile) -> String {
    let mut moments: Vec<Moment> = profile.refusal.moment.values().copied().collect();
    moments.dedup();
    match moments.as_slice() {
        [same] => same.to_string(),
        _ => profile
            .refusal
            .moment
            .iter()
            .map(|(version, moment)| format!("{moment} (TLS {version})"))
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

fn connection_words(profile: &Profile, fault: Fault) -> String {
    match profile.reports(fault, Scheme::Wss) {
        Some(rule) => {
            let code = rule
                .code
                .as_deref()
                .map_or_else(|| "no code".to_owned(), |code| format!("code {code}"));
            format!("{code}; close code {}", rule.close_code)
        }
        None => "no words of its own; close code 1006".to_owned(),
    }
}
