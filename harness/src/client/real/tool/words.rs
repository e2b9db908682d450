//! From what a tool says on its error output to its error code.

use crate::client::real::definition::Tool;

/// The error code in these words; [`None`] where the tool has nothing to say.
pub(super) fn code(tool: Tool, words: &str) -> Option<String> {
    match tool {
        Tool::Curl => curl(words),
        Tool::Openssl => openssl(words),
        Tool::Gnutls => gnutls(words),
        Tool::Node => last_line(words),
        Tool::Python => python(words),
    }
}

/// `curl: (60) SSL certificate problem: REASON`: the number, and OpenSSL's reason where it was that.
///
/// While it uploads from a pipe it shows its progress on the same line, `--silent` or not.
fn curl(words: &str) -> Option<String> {
    let said = words.lines().find_map(|line| line.split_once("curl: ("))?.1;
    let said = format!("({said}");
    let (number, said) = said.split_once(' ').unwrap_or((&said, ""));
    Some(match said.strip_prefix("SSL certificate problem: ") {
        Some(reason) => format!("{number} {reason}"),
        None => number.to_owned(),
    })
}

/// `verify error:num=18:self-signed certificate`, or else the reason of the first entry in OpenSSL's error
/// queue: `THREAD:error:CODE:LIBRARY:FUNCTION:REASON:FILE:LINE:DATA`.
fn openssl(words: &str) -> Option<String> {
    let verify = words.lines().find_map(|line| line.strip_prefix("verify error:num="));
    if let Some((number, reason)) = verify.and_then(|line| line.split_once(':')) {
        return Some(format!("{number} {}", reason.trim_end()));
    }
    let queued = words.lines().find_map(|line| line.split_once(":error:"));
    queued.and_then(|(_, entry)| entry.split(':').nth(3)).map(str::to_owned)
}

/// The sentences of its `Status:` that say what is wrong, joined by `+`, or else its fatal error.
fn gnutls(words: &str) -> Option<String> {
    let line = |start| words.lines().find_map(|line| line.trim().strip_prefix(start));
    if let Some(status) = line("- Status: The certificate is NOT trusted.") {
        let sentences: Vec<&str> =
            status.split(". ").map(|one| one.trim().trim_end_matches('.')).collect();
        let sentences: Vec<&str> = sentences.into_iter().filter(|one| !one.is_empty()).collect();
        // Some of its flags have no sentence.
        return (!sentences.is_empty()).then(|| sentences.join("+"));
    }
    line("*** Fatal error: ").map(|error| error.trim_end_matches('.').to_owned())
}

/// `62 Hostname mismatch, certificate is not valid for 'HOST'.`: the host is no part of the code.
fn python(words: &str) -> Option<String> {
    let line = last_line(words)?;
    Some(line.split_once(", ").map_or(line.clone(), |(code, _)| code.to_owned()))
}

/// Our own scripts put it there.
fn last_line(words: &str) -> Option<String> {
    words.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curl_says_a_number_and_why_openssl_refused() {
        let words = "  % Total    % Received % Xferd\n\r  0     0    0     0    0     0      0      0 --:--:-- \
                     --:--:-- --:--:--     0curl: (60) SSL certificate problem: self-signed certificate\n\
                     More details here: https://curl.se/docs/sslcerts.html\n";
        assert_eq!(code(Tool::Curl, words).as_deref(), Some("(60) self-signed certificate"));
        let words = "curl: (60) SSL: no alternative certificate subject name matches target host name 'a.test'\n\
                     More details here: https://curl.se/docs/sslcerts.html\n";
        assert_eq!(code(Tool::Curl, words).as_deref(), Some("(60)"));
        let words = "curl: (7) Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server\n";
        assert_eq!(code(Tool::Curl, words).as_deref(), Some("(7)"));
        assert_eq!(code(Tool::Curl, ""), None);
    }

    #[test]
    fn openssl_says_its_verify_error_or_its_queue() {
        let words = "depth=0 O = wssure, CN = proxy.example.test\n\
                     verify error:num=18:self-signed certificate\n\
                     40879711237F0000:error:0A000086:SSL routines:tls_post_process_server_certificate:\
                     certificate verify failed:../ssl/statem/statem_clnt.c:1889:\n";
        assert_eq!(code(Tool::Openssl, words).as_deref(), Some("18 self-signed certificate"));
        let words = "40C72C69A17F0000:error:0A000126:SSL routines:ssl3_read_n:unexpected eof while reading:\
                     ../ssl/record/rec_layer_s3.c:322:\n";
        assert_eq!(code(Tool::Openssl, words).as_deref(), Some("unexpected eof while reading"));
        assert_eq!(code(Tool::Openssl, "depth=2 O = wssure\nverify return:1\n"), None);
    }

    #[test]
    fn gnutls_says_all_that_is_wrong() {
        let words = "- Status: The certificate is NOT trusted. The certificate chain uses expired certificate. \
                     The name in the certificate does not match the expected. \n\
                     *** PKI verification of server certificate failed...\n\
                     *** Fatal error: Error in the certificate.\n";
        assert_eq!(
            code(Tool::Gnutls, words).as_deref(),
            Some(
                "The certificate chain uses expired certificate+The name in the certificate does \
                 not match the expected"
            )
        );
        let words = "*** Fatal error: The TLS connection was non-properly terminated.\n";
        assert_eq!(
            code(Tool::Gnutls, words).as_deref(),
            Some("The TLS connection was non-properly terminated")
        );
        let words = "- Status: The certificate is trusted. \n- Handshake was completed\n";
        assert_eq!(code(Tool::Gnutls, words), None);
    }

    #[test]
    fn the_scripts_put_the_code_on_the_last_line() {
        let words = "self-signed certificate\nDEPTH_ZERO_SELF_SIGNED_CERT\n";
        assert_eq!(code(Tool::Node, words).as_deref(), Some("DEPTH_ZERO_SELF_SIGNED_CERT"));
        let words = "62 Hostname mismatch, certificate is not valid for 'proxy.example.test'.\n";
        assert_eq!(code(Tool::Python, words).as_deref(), Some("62 Hostname mismatch"));
        assert_eq!(code(Tool::Python, ""), None);
    }
}
