"""Judges what sslyze and testssl.sh have found: python3 ci/tls-scan.py SSLYZE.json TESTSSL.json"""

import json
import re
import sys

# What testssl.sh finds wrong, and why it is so.
EXPLAINED = {
    "cipher_order": "all ciphers of TLS 1.2 are AEAD with forward secrecy; clients know which they compute fast",
    "cipher_order-tls1_2": "the same",
    "cert_chain_of_trust": "the certificate of this test is self-signed",
    "cert_trust": "the same",
    "cert_revocation": "it has no address of revocation lists",
    "cert_crlDistributionPoints": "the same",
    "cert_ocspURL": "the same",
    "OCSP_stapling": "the same",
    "DNS_CAArecord": "localhost has no record",
    "HSTS": "the certificate of a proxy may be for one port only",
    "HTTP_status_code": "there is no page",
    "security_headers": "there is no page",
    "engine_problem": "that is about its own openssl",
    "sessionresumption_ticket": "it leaves before a ticket of TLS 1.3 is there; openssl s_client resumes in both versions",
    "scanTime": "it looked for long",
    "scanProblem": "the page is no page",
}
HARMLESS = {"OK", "INFO", "LOW", "DEBUG"}


def testssl(path):
    with open(path) as file:
        findings = json.load(file)
    assert len(findings) > 60, f"only {len(findings)} findings: testssl.sh did not get far"
    seen = {finding["id"].split(" ")[0] for finding in findings}
    for needed in ("TLS1_2", "TLS1_3", "heartbleed", "ROBOT"):
        assert needed in seen, f"testssl.sh did not look at {needed}"
    for finding in findings:
        name = finding["id"].split(" ")[0]
        if finding["severity"] not in HARMLESS and name not in EXPLAINED:
            yield f"testssl.sh: {finding['severity']} {finding['id']}: {finding['finding']}"


def sslyze(path):
    with open(path) as file:
        [server] = json.load(file)["server_scan_results"]
    results = server["scan_result"]
    for name in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2", "tls_1_3"):
        result = results[f"{name}_cipher_suites"]
        assert result["status"] == "COMPLETED", f"sslyze did not finish {name}"
        suites = [suite["cipher_suite"]["name"] for suite in result["result"]["accepted_cipher_suites"]]
        if name in ("tls_1_2", "tls_1_3"):
            if not suites:
                yield f"sslyze: no cipher of {name}"
        elif suites:
            yield f"sslyze: {name} with {suites}"
        for suite in suites:
            if not re.search("GCM|CHACHA20", suite) or re.search("RC4|CBC|_RSA_EXPORT|NULL", suite):
                yield f"sslyze: {suite}"
    bad = {
        "heartbleed": "is_vulnerable_to_heartbleed",
        "openssl_ccs_injection": "is_vulnerable_to_ccs_injection",
        "session_renegotiation": "is_vulnerable_to_client_renegotiation_dos",
        "tls_compression": "supports_compression",
    }
    for name, field in bad.items():
        result = results[name]
        assert result["status"] == "COMPLETED", f"sslyze did not finish {name}"
        if result["result"][field]:
            yield f"sslyze: {field}"
    robot = results["robot"]["result"]["robot_result"]
    if "VULNERABLE" in robot and "NOT_VULNERABLE" not in robot:
        yield f"sslyze: ROBOT: {robot}"


found = [*sslyze(sys.argv[1]), *testssl(sys.argv[2])]
print("\n".join(found) or "nothing that is not explained")
sys.exit(1 if found else 0)
