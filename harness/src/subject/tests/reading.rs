//! What the built-in subjects print, as measured, is read as the fault that it is.

use crate::{
    Fault::{self, *},
    subject::{Line, Stream, Subject},
};

/// What a line says: a fault, perhaps with the number of an alert; or nothing.
type Meaning = Option<(Fault, Option<u8>)>;

fn assert_read(subject: &str, lines: &[(&str, Meaning)]) {
    let subject = Subject::find(subject).unwrap();
    for &(text, expected) in lines {
        let line = Line { number: 0, stream: Stream::Stderr, text: text.to_owned() };
        let said = subject.read(&[line]);
        let read = said.first().map(|said| (said.fault, said.alert.map(|alert| alert.0)));
        assert_eq!(read, expected, "{text}");
    }
}

fn says(fault: Fault) -> Meaning {
    Some((fault, None))
}

fn says_alert(fault: Fault, alert: u8) -> Meaning {
    Some((fault, Some(alert)))
}

#[test]
fn websockify_at_its_start() {
    assert_read(
        "websockify",
        &[
            ("WebSocket server settings:", None),
            ("  - Listen on 127.0.0.1:39041", None),
            ("  - SSL/TLS support", None),
            ("  - Deny non-SSL/TLS connections", None),
            ("  - proxying from 127.0.0.1:39041 to 127.0.0.1:5900", None),
            ("  - No SSL/TLS support (no cert file)", says(MissingFile)),
            ("websockify: error: SSL only and missing.pem not found", says(MissingFile)),
        ],
    );
}

#[test]
fn websockify_of_its_certificate_file() {
    assert_read(
        "websockify",
        &[
            ("127.0.0.1: SSL connection but '/srv/missing.pem' not found", says(MissingFile)),
            ("handler exception: [Errno 2] No such file or directory", says(MissingKeyFile)),
            ("handler exception: [Errno 13] Permission denied", says(UnreadableFile)),
            ("handler exception: [Errno 21] Is a directory", says(NotARegularFile)),
            ("handler exception: [SSL] PEM lib (_ssl.c:3905)", says(UnloadableIdentity)),
            (
                "handler exception: [PEM: BAD_BASE64_DECODE] bad base64 decode (_ssl.c:3905)",
                says(DamagedPem),
            ),
            (
                "handler exception: [X509: KEY_VALUES_MISMATCH] key values mismatch (_ssl.c:3926)",
                says(KeyMismatch),
            ),
            (
                "handler exception: [SSL: NO_CERTIFICATE_ASSIGNED] no certificate assigned (_ssl.c:3934)",
                says(KeyMismatch),
            ),
            ("Enter PEM pass phrase:", None),
            ("handler exception: [Errno 22] Invalid argument", says(EncryptedKey)),
            (
                "handler exception: [SSL: EE_KEY_TOO_SMALL] ee key too small (_ssl.c:3905)",
                says(WeakKey),
            ),
            (
                "handler exception: [SSL: CA_MD_TOO_WEAK] ca md too weak (_ssl.c:3905)",
                says(WeakSignature),
            ),
        ],
    );
}

#[test]
fn websockify_of_its_clients() {
    use ClientRefusedCertificate as Refused;
    assert_read(
        "websockify",
        &[
            (
                "handler exception: [SSL: SSLV3_ALERT_BAD_CERTIFICATE] sslv3 alert bad certificate (_ssl.c:1006)",
                says_alert(Refused, 42),
            ),
            (
                "handler exception: [SSL: SSLV3_ALERT_UNSUPPORTED_CERTIFICATE] sslv3 alert unsupported certificate (_ssl.c:1006)",
                says_alert(Refused, 43),
            ),
            (
                "handler exception: [SSL: SSLV3_ALERT_CERTIFICATE_REVOKED] sslv3 alert certificate revoked (_ssl.c:1006)",
                says_alert(Refused, 44),
            ),
            (
                "handler exception: [SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] sslv3 alert certificate expired (_ssl.c:1006)",
                says_alert(Refused, 45),
            ),
            (
                "handler exception: [SSL: SSLV3_ALERT_CERTIFICATE_UNKNOWN] sslv3 alert certificate unknown (_ssl.c:2580)",
                says_alert(Refused, 46),
            ),
            (
                "handler exception: [SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:1006)",
                says_alert(Refused, 48),
            ),
            (
                "handler exception: [SSL: TLSV1_ALERT_ACCESS_DENIED] tlsv1 alert access denied (_ssl.c:1006)",
                says_alert(Refused, 49),
            ),
            (
                "handler exception: [SSL: TLSV1_ALERT_DECRYPT_ERROR] tlsv1 alert decrypt error (_ssl.c:1006)",
                says_alert(Refused, 51),
            ),
            (
                "handler exception: [SSL: TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE] tlsv1 bad certificate status response (_ssl.c:1006)",
                says_alert(Refused, 113),
            ),
            (
                "handler exception: [SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure (_ssl.c:1006)",
                says_alert(NoCommonCipher, 40),
            ),
            (
                "handler exception: [SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version (_ssl.c:1006)",
                says_alert(ProtocolVersion, 70),
            ),
            (
                "handler exception: [SSL: TLSV1_ALERT_USER_CANCELLED] tlsv1 alert user cancelled (_ssl.c:1006)",
                says(ClientHungUp),
            ),
            (
                "handler exception: [SSL: TLSV1_UNRECOGNIZED_NAME] tlsv1 unrecognized name (_ssl.c:1006)",
                says(ClientHungUp),
            ),
            (
                "handler exception: [SSL] tlsv1 alert no application protocol (_ssl.c:1006)",
                says(ClientHungUp),
            ),
            ("handler exception: [SSL] unknown error (_ssl.c:1006)", says(ClientHungUp)),
            (
                "127.0.0.1: [SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c:1006)",
                says(ClientHungUp),
            ),
            ("handler exception: [Errno 104] Connection reset by peer", says(ClientHungUp)),
            (
                "handler exception: Closed before TLS handshake with data in recv buffer.",
                says(ClientHungUp),
            ),
            (
                "handler exception: [SSL: UNSUPPORTED_PROTOCOL] unsupported protocol (_ssl.c:1006)",
                says_alert(ProtocolVersion, 70),
            ),
            (
                "handler exception: [SSL: NO_SHARED_CIPHER] no shared cipher (_ssl.c:1006)",
                says_alert(NoCommonCipher, 40),
            ),
            ("127.0.0.1: non-SSL connection received but disallowed", says(PlainRefused)),
            (
                "handler exception: 'NoneType' object has no attribute 'shutdown'",
                says(HandlerCrashed),
            ),
        ],
    );
}

#[test]
fn websockify_of_sessions_and_pages() {
    let time = "127.0.0.1 - - [23/Nov/2026 03:03:36]";
    assert_read(
        "websockify",
        &[
            (&format!("{time} 127.0.0.1: SSL/TLS (wss://) WebSocket connection"), None),
            (&format!("{time} connecting to: 127.0.0.1:1"), None),
            (
                &format!("{time} Failed to connect to 127.0.0.1:1: [Errno 111] Connection refused"),
                says(TargetUnreachable),
            ),
            (&format!("{time} code 405, message Method Not Allowed"), None),
        ],
    );
}

#[test]
fn builtin_at_its_start() {
    assert_read(
        "builtin",
        &[
            ("  - Listen on 127.0.0.1:33373", None),
            (
                "  - SSL/TLS support: self.pem (CN=localhost; localhost, 127.0.0.1; until 2027-11-23 02:37:17 UTC; SHA-256 1668b802)",
                None,
            ),
            ("  - Warning: the certificate is that of an authority (CA:TRUE)", None),
            ("  - Deny non-SSL/TLS connections", None),
            ("  - proxying from 127.0.0.1:6080 to 127.0.0.1:5900", None),
            ("  - No SSL/TLS support (no cert file)", says(MissingFile)),
            ("SSL only and missing.pem not found", says(MissingFile)),
        ],
    );
}

#[test]
fn builtin_of_its_certificate_file() {
    let reasons = [
        ("missing.pem does not exist (OpenSSL: No such file or directory)", MissingFile),
        ("/etc/key/missing.pem does not exist (OpenSSL: No such file or directory)", MissingFile),
        ("privkey.pem does not exist (OpenSSL: No such file or directory)", MissingKeyFile),
        ("a.pem may not be read by user 1000 (OpenSSL: Permission denied)", UnreadableFile),
        (
            "a.pem cannot be reached by user 1000: permission denied in folder /etc/a (OpenSSL: Permission denied)",
            UnreadableFile,
        ),
        ("live is a folder, not a file (OpenSSL: Is a directory)", NotARegularFile),
        ("a.pem cannot be read: Input/output error (OpenSSL: system lib)", UnreadableFile),
        (
            "disk.img is too large for a certificate or key file: 2147483648 bytes (OpenSSL: PEM lib: no start line)",
            FileTooLarge,
        ),
        ("fifo is a pipe (FIFO), not a file (OpenSSL: PEM lib: no start line)", NotARegularFile),
        ("zero is a device, not a file (OpenSSL: PEM lib: no start line)", NotARegularFile),
        (
            "a.pem is a link to b.pem, which does not exist (OpenSSL: No such file or directory)",
            MissingFile,
        ),
        ("empty.pem is empty (OpenSSL: PEM lib: no start line)", EmptyFile),
        (
            "der.pem is not a PEM file: it looks like a certificate in DER form (OpenSSL: PEM lib: no start line)",
            DerCertificate,
        ),
        (
            "der.pem is not a PEM file: it looks like a private key in DER form (OpenSSL: PEM lib: no start line)",
            DerKey,
        ),
        (
            "a.pfx is not a PEM file: it looks like PKCS#12 (.p12, .pfx) (OpenSSL: PEM lib: no start line)",
            Pkcs12File,
        ),
        (
            "a.p7b is not a PEM file: it looks like PKCS#7 (.p7b) in DER form (OpenSSL: PEM lib: no start line)",
            Pkcs7File,
        ),
        ("a.p7b has no certificate, PKCS#7 (.p7b) (OpenSSL: PEM lib: no start line)", Pkcs7File),
        (
            "a.pem is not a PEM file: it looks like text in UTF-16 (OpenSSL: PEM lib: no start line)",
            Utf16File,
        ),
        (
            "a.csr is not a PEM file: it looks like a certificate request in DER form (OpenSSL: PEM lib: no start line)",
            CertificateRequest,
        ),
        (
            "words.txt is not a PEM file: no line begins with -----BEGIN (OpenSSL: PEM lib: no start line)",
            NotPem,
        ),
        (
            "a.pem, block 1 (ENCRYPTED PRIVATE KEY, line 1) is encrypted in a way not known here: the algorithm 1.2.840.113549.1.5.3 (OpenSSL: PEM lib: unsupported encryption)",
            UnsupportedKeyEncryption,
        ),
        (
            "a.pem, block 1 (CERTIFICATE, line 1) is damaged: line 5 has '!', which is not base64 (OpenSSL: PEM lib: bad base64 decode)",
            DamagedPem,
        ),
        (
            "a.pem, block 1 (CERTIFICATE, line 1) is damaged: it is empty (OpenSSL: PEM lib: bad base64 decode)",
            DamagedPem,
        ),
        (
            "a.pem, block 2 (PRIVATE KEY, line 20) is not a key of that kind: a length is wrong (OpenSSL: PEM lib: ASN1 lib)",
            DamagedPem,
        ),
        (
            "a.pem, block 1 (CERTIFICATE, line 1) is not an X.509 certificate: a length is wrong (OpenSSL: PEM lib: ASN1 lib)",
            Malformed,
        ),
        (
            "key-only.pem has no certificate, only a private key (OpenSSL: PEM lib: no start line)",
            NoCertificate,
        ),
        (
            "csr.pem has no certificate, a certificate request (CSR), which is not a certificate yet (OpenSSL: PEM lib: no start line)",
            CertificateRequest,
        ),
        (
            "cert-only.pem has no private key, only a certificate (OpenSSL: PEM lib: no start line)",
            NoPrivateKey,
        ),
        (
            "a.pem, block 2 (ENCRYPTED PRIVATE KEY, line 20) is encrypted, and no password was given (OpenSSL: PEM lib: bad password read)",
            EncryptedKey,
        ),
        (
            "a.pem, block 2 (ENCRYPTED PRIVATE KEY, line 20) cannot be decrypted: the password is wrong (OpenSSL: PEM lib: bad decrypt)",
            WrongKeyPassword,
        ),
        (
            "certificate and private key do not belong together: c.pem, block 1 (CERTIFICATE, line 1) has the public key RSA 2048 sha256:06af; k2.pem, block 1 (PRIVATE KEY, line 1) has RSA 2048 sha256:da22 (OpenSSL: key values mismatch)",
            KeyMismatch,
        ),
        (
            "weak.pem, block 2 (PRIVATE KEY, line 14) is a key that TLS cannot use here: RSA 1024 (OpenSSL: ee key too small)",
            WeakKey,
        ),
        (
            "other.pem, block 1 (PRIVATE KEY, line 1) is a key that TLS cannot use here: EC secp256k1 (OpenSSL: unknown certificate type)",
            UnusableKey,
        ),
    ];
    for (reason, fault) in reasons {
        assert_read(
            "builtin",
            &[
                (&format!("  - No SSL/TLS support: {reason}; the mend"), says(fault)),
                (&format!("SSL only and no usable certificate: {reason}; the mend"), says(fault)),
                (
                    &format!(
                        "client 127.0.0.1:38574: TLS connection closed, no usable certificate: {reason}"
                    ),
                    says(fault),
                ),
            ],
        );
    }
    assert_read(
        "builtin",
        &[(
            "client 127.0.0.1:38652: SSL connection but '/srv/missing.pem' not found",
            says(MissingFile),
        )],
    );
}

#[test]
fn builtin_of_its_clients() {
    let lines = [
        (
            "refused our certificate: TLS alert 48 unknown_ca during the handshake (OpenSSL: tlsv1 alert unknown ca): it does not know the issuer",
            says_alert(ClientRefusedCertificate, 48),
        ),
        (
            "refused our certificate: TLS alert 42 bad_certificate after the handshake (OpenSSL: sslv3 alert bad certificate): it says so",
            says_alert(ClientRefusedCertificate, 42),
        ),
        (
            "sent TLS alert 70 protocol_version during the handshake (OpenSSL: tlsv1 alert protocol version): no TLS version",
            says_alert(ProtocolVersion, 70),
        ),
        (
            "sent TLS alert 40 handshake_failure during the handshake (OpenSSL: sslv3 alert handshake failure): no parameters",
            says_alert(NoCommonCipher, 40),
        ),
        (
            "sent TLS alert 80 internal_error during the handshake (OpenSSL: tlsv1 alert internal error): the client failed",
            says_alert(ClientHungUp, 80),
        ),
        (
            "closed the connection during the TLS handshake, without an alert, after our certificate was sent (OpenSSL: EOF occurred in violation of protocol)",
            says(ClientHungUp),
        ),
        (
            "reset the connection during the TLS handshake, before its ClientHello was complete (OpenSSL: Connection reset by peer)",
            says(ClientHungUp),
        ),
        (
            "closed the connection after the TLS handshake without sending a request: it said close_notify",
            says(ClientHungUp),
        ),
        ("TLS handshake not done in time: the ClientHello is not complete", says(TimedOut)),
        (
            "TLS handshake failed, we sent alert 70 protocol_version (OpenSSL: unsupported protocol): peer is incompatible",
            says_alert(ProtocolVersion, 70),
        ),
        (
            "TLS handshake failed, we sent alert 40 handshake_failure (OpenSSL: no shared cipher): peer is incompatible",
            says_alert(NoCommonCipher, 40),
        ),
        (
            "TLS handshake failed (OpenSSL: no suitable signature algorithm): peer is incompatible",
            says(NoCommonCipher),
        ),
        (
            "TLS handshake failed, we sent alert 50 decode_error (OpenSSL: bad packet): received corrupt message",
            says_alert(ServerAlert, 50),
        ),
        ("non-SSL connection received but disallowed", says(PlainRefused)),
        ("SSL/TLS (wss://) WebSocket connection", None),
        ("GET /self.pem: 403", None),
    ];
    for (text, expected) in lines {
        assert_read("builtin", &[(&format!("client 127.0.0.1:51930: {text}"), expected)]);
    }
    assert_read(
        "builtin",
        &[
            (
                "target 127.0.0.1:1: Failed to connect to 127.0.0.1:1: Connection refused (for client 127.0.0.1:2)",
                says(TargetUnreachable),
            ),
            (
                "thread 'tokio-rt-worker' (77) panicked at proxy/src/relay.rs:1:1:",
                says(HandlerCrashed),
            ),
        ],
    );
}
