//! `wssure compare`: reports of simulated clients play both parts here, one of them under a real one's name.

mod common;

use std::fs;

use common::Folder;
use serde_json::Value;

const CASES: [&str; 3] = ["certificates/good", "certificates/expired", "certificates/self-signed"];

/// A folder with `simulated.json`, and the same report as if a real client had given it in `real.json`.
fn measured_alike() -> Folder {
    let folder = Folder::new();
    let run = ["run", "--quiet", "--client", "chromium", "--report", "json=simulated.json"];
    let ran = folder.run(&[&run[..], &CASES].concat());
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let mut real = read(&folder, "simulated.json");
    real["clients"][0]["name"] = "real:chromium".into();
    real["clients"][0]["version"] = "Chromium 156.0.8078.79".into();
    for case in real["cases"].as_array_mut().unwrap() {
        case["clients"][0]["client"] = "real:chromium".into();
    }
    write(&folder, "real.json", &real);
    folder
}

fn read(folder: &Folder, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.path().join(name)).unwrap()).unwrap()
}

fn write(folder: &Folder, name: &str, report: &Value) {
    folder.write(name, &report.to_string());
}

/// The first step of the client in this case.
fn first_step<'a>(report: &'a mut Value, case: &str) -> &'a mut Value {
    let cases = report["cases"].as_array_mut().unwrap();
    let case = cases.iter_mut().find(|one| one["id"] == case).unwrap();
    &mut case["clients"][0]["steps"][0]
}

/// As above, with another code in one step of the real client.
fn with_another_code() -> Folder {
    let folder = measured_alike();
    let mut real = read(&folder, "real.json");
    let step = first_step(&mut real, "certificates/expired");
    step["observation"]["outcome"]["refused"]["code"] = "ERR_CERT_OTHER".into();
    write(&folder, "real.json", &real);
    folder
}

#[test]
fn what_is_measured_alike_agrees_in_every_cell() {
    let folder = measured_alike();
    for files in [["simulated.json", "real.json"], ["real.json", "simulated.json"]] {
        let ran = folder.run(&["compare", files[0], files[1]]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:#?}");
        ran.assert_prints("real       real:chromium: Chromium 156.0.8078.79");
        ran.assert_prints("100.0%");
        ran.assert_prints("agreed: ");
    }
}

#[test]
fn one_report_with_both_clients_is_compared_with_itself() {
    let folder = measured_alike();
    let (mut both, real) = (read(&folder, "simulated.json"), read(&folder, "real.json"));
    both["clients"].as_array_mut().unwrap().push(real["clients"][0].clone());
    let cases = both["cases"].as_array_mut().unwrap();
    for (case, real) in cases.iter_mut().zip(real["cases"].as_array().unwrap()) {
        case["clients"].as_array_mut().unwrap().push(real["clients"][0].clone());
    }
    write(&folder, "both.json", &both);
    let ran = folder.run(&["compare", "both.json"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
}

#[test]
fn one_other_code_is_shown_with_both_sides_and_the_way_to_see_it_again() {
    let ran = with_another_code().run(&["compare", "simulated.json", "real.json"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints(
        "DISAGREES chromium: code, simulated ERR_CERT_DATE_INVALID, real ERR_CERT_OTHER\n  certificates/expired step 1: open wss://",
    );
    ran.assert_prints(
        "again: wssure compare certificates/expired --simulated chromium --real chromium",
    );
    ran.assert_prints("DISAGREED: ");
}

#[test]
fn two_releases_are_compared_client_by_client() {
    let folder = measured_alike();
    let mut after = read(&folder, "simulated.json");
    let step = first_step(&mut after, "certificates/expired");
    step["observation"]["connections"] = 2.into();
    write(&folder, "after.json", &after);
    let ran = folder.run(&["compare", "simulated.json", "after.json"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints("DISAGREES chromium, before and after: connections, before 1, after 2\n");
    ran.assert_prints("again: wssure run certificates/expired --client chromium\n");
}

#[test]
fn a_client_in_trouble_disagrees_and_one_that_was_skipped_is_not_compared() {
    let folder = measured_alike();
    let mut real = read(&folder, "real.json");
    let failed = |verdict: &str, reason: &str| serde_json::json!({ verdict: reason });
    for (case, verdict) in [("certificates/expired", "trouble"), ("certificates/good", "skipped")] {
        let step = first_step(&mut real, case);
        step["verdict"] = failed(verdict, "the window was closed");
        step["observation"] = Value::Null;
    }
    write(&folder, "real.json", &real);
    let ran = folder.run(&["compare", "simulated.json", "real.json"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints(
        "TROUBLE real:chromium: the window was closed\n  certificates/expired step 1:",
    );
    ran.assert_prints(
        "NOT COMPARED chromium: real:chromium: the window was closed\n  certificates/good step 1:",
    );
}

#[test]
fn the_whole_comparison_is_written_as_json() {
    let folder = with_another_code();
    let ran = folder.run(&["compare", "simulated.json", "real.json", "--json", "found.json"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let found = read(&folder, "found.json");
    assert_eq!(found["version"], 1);
    let cell = &found["pairs"][0]["disagreements"][0]["cells"][0];
    assert_eq!(cell["field"], "code");
    assert_eq!(
        (&cell["left"], &cell["right"]),
        (&"ERR_CERT_DATE_INVALID".into(), &"ERR_CERT_OTHER".into())
    );
}

#[test]
fn quiet_leaves_what_disagrees_and_the_last_line() {
    let folder = measured_alike();
    let ran = folder.run(&["compare", "simulated.json", "real.json", "--quiet"]);
    assert!(ran.stdout.starts_with("agreed: "), "{ran:#?}");
    assert_eq!(ran.stdout.lines().count(), 1, "{ran:#?}");
}

const KNOWN: &str = r#"
[[known]]
client = "chromium"
cases = ["certificates/expired"]
field = "code"
simulated = "ERR_CERT_DATE_INVALID"
real = "ERR_CERT_OTHER"
reason = "this one words it otherwise"
"#;

#[test]
fn what_is_known_is_shown_and_fails_only_once_it_no_longer_happens() {
    let folder = with_another_code();
    folder.write("known.toml", KNOWN);
    let compare = ["compare", "simulated.json", "real.json", "--known", "known.toml"];
    let ran = folder.run(&compare);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("known chromium: code, simulated ERR_CERT_DATE_INVALID, real ERR_CERT_OTHER");
    ran.assert_prints("reason: this one words it otherwise");
    ran.assert_prints("1 known to disagree");

    let folder = measured_alike();
    folder.write("known.toml", KNOWN);
    let ran = folder.run(&compare);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints(
        "STALE known.toml:7:8: this known disagreement did not happen in certificates/expired",
    );
}

#[test]
fn what_real_clients_showed_is_recorded_and_compares_like_the_report() {
    let folder = with_another_code();
    let ran = folder.run(&["compare", "real.json", "--record", "measured"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:#?}");
    assert!(ran.stdout.starts_with("measured/chromium.toml: "), "{ran:#?}");
    let text = fs::read_to_string(folder.path().join("measured/chromium.toml")).unwrap();
    assert!(text.contains("\nversion = \"Chromium 156.0.8078.79\"\n"), "{text}");
    let line = "\n  { step = 1, action = \"open wss://proxy.example.test/\", verdict = \"refused\", code = \"ERR_CERT_OTHER\", alert = ";
    assert!(text.contains(line), "{text}");

    let tally = |file: &str| {
        let ran = folder.run(&["compare", "simulated.json", file, "--quiet"]);
        assert_eq!(ran.code, Some(1), "{ran:#?}");
        ran.stdout
    };
    assert_eq!(tally("measured/chromium.toml"), tally("real.json"));
}

#[test]
fn a_wrong_call_or_file_is_told_and_nothing_is_compared() {
    let folder = measured_alike();
    folder.write("cut.json", "{ \"version\": 1, \"cases\": [");
    folder.write("newer.json", "{ \"version\": 99 }");
    folder.write("odd.toml", "client = \"real:ios\"\nnmae = 1\n");
    folder.write("known.toml", &KNOWN.replace("expired", "expird"));
    let wrong = |arguments: &[&str], begins: &str| {
        folder.run(&[&["compare"], arguments].concat()).assert_wrong(begins);
    };
    wrong(&["cut.json"], "cut.json: is no JSON report: EOF while parsing");
    wrong(&["simulated.json", "newer.json"], "newer.json: is a report of version 99");
    wrong(&["none.json"], "none.json: cannot be read: No such file");
    wrong(&["odd.toml"], "odd.toml:2:1: unknown field `nmae`");
    wrong(
        &["simulated.json"],
        "simulated.json: there is nothing to pair among the clients chromium;",
    );
    wrong(&[], "compare takes one or two files, and 0 were given");
    wrong(&["a", "b", "c"], "compare takes one or two files, and 3 were given");
    wrong(&["simulated.json", "--record", "x"], "--record: there is no real client");
    wrong(&["real.json", "--record", "x", "--json", "y"], "--record of a report takes one FILE");
    wrong(
        &["simulated.json", "--jobs", "2"],
        "--subject, --cases, --authority and --jobs are for a run",
    );
    wrong(
        &["simulated.json", "real.json", "--json", "none/found.json"],
        "--json: none/found.json cannot be written: ",
    );
    wrong(
        &["simulated.json", "real.json", "--known", "known.toml"],
        "known.toml:4:10: no case matches `certificates/expird`",
    );
    wrong(&["--real", "netscape"], "there is no client `netscape`");
}
