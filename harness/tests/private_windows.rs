//! Private windows, in which a browser may know of its user's exceptions or not.

use std::error::Error;

use rstest::rstest;
use wssure_harness::{
    Fault, InProcess,
    certificate::{Kind, Lab, Specification},
    client::{Client, OnWarning, Opener, Payload, Scheme, Simulated, Trouble, Wish},
};

#[rstest]
#[case::know("know", None)]
#[case::do_not_know("do-not-know", Some(Fault::UnknownIssuer))]
#[tokio::test]
async fn an_exception_holds_there_as_the_profile_says(
    #[case] what: &str,
    #[case] refused: Option<Fault>,
) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("mine.toml");
    let chromium = include_str!("../clients/chromium.toml");
    let rule = format!("private-windows = \"{what}\"");
    std::fs::write(&file, chromium.replace("private-windows = \"know\"", &rule))?;
    let lab = Lab::new()?;
    let host = "proxy.example.test".parse()?;
    let proxy = InProcess::start(&lab.mint(&Specification::new(Kind::SelfSigned, host))?).await?;
    let mut browser = Simulated::named(file.to_str().unwrap())?;

    browser.browse(&proxy.destination(Scheme::Https), OnWarning::Accept(Wish::Permanent)).await?;
    let wss = proxy.destination(Scheme::Wss);
    let there = browser.open_in(Opener::PrivateWindow, &wss, &Payload::Nothing).await?;
    assert_eq!(there.refusal().map(|refusal| refusal.fault), refused);
    assert!(browser.open(&wss, &Payload::Nothing).await?.is_connected(), "it is still there");
    Ok(())
}

#[tokio::test]
async fn who_was_not_measured_there_says_so() -> Result<(), Box<dyn Error>> {
    let lab = Lab::new()?;
    let proxy =
        InProcess::start(&lab.mint(&Specification::new(Kind::Good, "h.test".parse()?))?).await?;
    let mut safari = Simulated::named("safari")?;
    let wss = proxy.destination(Scheme::Wss);
    let trouble = safari.open_in(Opener::PrivateWindow, &wss, &Payload::Nothing).await.unwrap_err();
    assert!(
        matches!(&trouble, Trouble::Cannot(why) if why.contains("private window")),
        "{trouble}"
    );
    Ok(())
}
