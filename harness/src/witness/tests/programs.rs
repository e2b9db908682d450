//! Real programs, whose key logs and words are known.

use std::process::Stdio;

use rstest::rstest;
use tokio::process::Command;

use super::{HOST, LogFile, Server, mint, only};
use crate::{
    Alert,
    certificate::{Kind, Lab},
    observation::{AlertSeen, Moment, OfferedVersion, Party, TlsVersion},
    witness::{ClientFinished, Witness, Witnessed},
};

/// What a program made of a certificate of that kind, as the witness saw it; [`None`] where the program
/// is not installed.
async fn witnessed(
    program: &str,
    kind: Kind,
    arguments: impl FnOnce(&Call<'_>) -> Vec<String>,
) -> Option<Witnessed> {
    let (lab, minted) = mint(kind);
    let (log, server) = (LogFile::new(), Server::tls(&minted).await);
    let witness: Witness = server.witness(log.secrets()).await;
    let trusted = log.folder.path().join("trusted.pem");
    std::fs::write(&trusted, authority(&lab)).unwrap();
    let keys = log.path();
    let call = Call {
        port: witness.address().port(),
        trusted: trusted.to_str().unwrap(),
        log: keys.to_str().unwrap(),
    };
    let ran = Command::new(program)
        .args(arguments(&call))
        .env("SSLKEYLOGFILE", &keys)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await;
    if ran.is_err() {
        eprintln!("skipped: {program} is not installed");
        return None;
    }
    Some(only(&witness).await)
}

struct Call<'c> {
    port: u16,
    trusted: &'c str,
    log: &'c str,
}

fn authority(lab: &Lab) -> String {
    pem::encode(&pem::Pem::new("CERTIFICATE", lab.authority().to_vec()))
}

fn curl(version: TlsVersion) -> impl FnOnce(&Call<'_>) -> Vec<String> {
    move |Call { port, trusted, .. }| {
        let max = format!("--tls-max {version}");
        let resolve = format!("--resolve {HOST}:{port}:127.0.0.1");
        let url = format!("https://{HOST}:{port}/");
        let all =
            format!("--silent --http1.1 --noproxy * {max} {resolve} --cacert {trusted} {url}");
        all.split(' ').map(str::to_owned).collect()
    }
}

fn openssl(version: TlsVersion) -> impl FnOnce(&Call<'_>) -> Vec<String> {
    move |Call { port, trusted, log, .. }| {
        let version = match version {
            TlsVersion::Tls12 => "-tls1_2",
            TlsVersion::Tls13 => "-tls1_3",
        };
        let to = format!("-connect 127.0.0.1:{port} -servername {HOST} -CAfile {trusted}");
        let all = format!("s_client {version} {to} -verify_return_error -keylogfile {log}");
        all.split(' ').map(str::to_owned).collect()
    }
}

fn refused_as_unknown(witnessed: &Witnessed) {
    let alert =
        AlertSeen { alert: Alert(48), sent_by: Party::Client, moment: Moment::DuringHandshake };
    assert_eq!(witnessed.alerts, [alert]);
    assert_eq!(witnessed.finished, ClientFinished::NotSent);
    assert_eq!(witnessed.unread, []);
}

#[rstest]
#[tokio::test]
async fn curl_is_served(#[values(TlsVersion::Tls12, TlsVersion::Tls13)] version: TlsVersion) {
    let Some(witnessed) = witnessed("curl", Kind::Good, curl(version)).await else {
        return;
    };
    let offered = witnessed.offered.as_ref().unwrap();
    assert_eq!(offered.server_name.as_deref(), Some(HOST));
    assert_eq!(offered.protocols, ["http/1.1"]);
    assert!(offered.tls.contains(&OfferedVersion::Tls12), "{offered:?}");
    assert_eq!(witnessed.handshake.as_ref().unwrap().version, Some(version));
    assert_eq!(witnessed.alerts, []);
    assert_eq!(witnessed.answers.len(), 1);
    assert_eq!(witnessed.answers[0].status, 404);
    assert_eq!(witnessed.unread, []);
}

#[rstest]
#[tokio::test]
async fn curl_alerts_during_the_handshake(
    #[values(TlsVersion::Tls12, TlsVersion::Tls13)] version: TlsVersion,
) {
    let refused = witnessed("curl", Kind::UnknownIssuer, curl(version)).await;
    refused.iter().for_each(refused_as_unknown);
}

#[rstest]
#[tokio::test]
async fn openssl_alerts_during_the_handshake(
    #[values(TlsVersion::Tls12, TlsVersion::Tls13)] version: TlsVersion,
) {
    let refused = witnessed("openssl", Kind::UnknownIssuer, openssl(version)).await;
    refused.iter().for_each(refused_as_unknown);
}
