//! Handshake messages (RFC 8446 section 4, RFC 5246 section 7.4): put together from records, and what
//! is of interest in them.

use rustls::{ContentType, HandshakeType, ProtocolVersion};
use rustls_pki_types::CertificateDer;
use tls_parser::{
    TlsExtension, TlsMessageHandshake,
    nom::{
        IResult, Parser,
        multi::{length_data, many0},
        number::complete::{be_u8, be_u16, be_u24},
        sequence::terminated,
    },
    parse_tls_extension_alpn_content, parse_tls_extension_sni_content,
    parse_tls_handshake_client_hello, parse_tls_handshake_msg_certificate,
    parse_tls_handshake_server_hello,
};

use super::{
    key_log::RANDOM,
    records::{Piece, Records},
};
use crate::observation::{Offered, OfferedVersion};

/// The random value by which a ServerHello is a HelloRetryRequest (RFC 8446 section 4.1.3).
const RETRY: [u8; RANDOM] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Extensions by their numbers: RFC 6066, RFC 7301, RFC 8446.
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;

/// Messages of one side; a record may hold several, and a part of one.
#[derive(Debug, Default)]
pub(super) struct Messages {
    bytes: Vec<u8>,
    taken: usize,
}

impl Messages {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message that is there as a whole, its header off.
    pub(super) fn next(&mut self) -> Option<(HandshakeType, Vec<u8>)> {
        let rest = self.bytes.get(self.taken..)?;
        let (after, (kind, body)) = message(rest).ok()?;
        let message = (HandshakeType::from(kind), body.to_vec());
        self.taken = self.bytes.len() - after.len();
        Some(message)
    }
}

fn message(bytes: &[u8]) -> IResult<&[u8], (u8, &[u8])> {
    be_u8.and(length_data(be_u24)).parse(bytes)
}

/// What is of interest in a ClientHello.
#[derive(Debug)]
pub(super) struct ClientHello {
    pub random: [u8; RANDOM],
    pub offered: Offered,
}

impl ClientHello {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let (_, hello) = parse_tls_handshake_client_hello(body).ok()?;
        let extensions = extensions(hello.ext.unwrap_or_default());
        let versions = match extension(&extensions, SUPPORTED_VERSIONS) {
            Some(content) => listed_versions(content),
            None => vec![hello.version.0],
        };
        let server_name = extension(&extensions, SERVER_NAME).and_then(server_name);
        let protocols = extension(&extensions, ALPN).map(protocols).unwrap_or_default();
        let tls = versions.into_iter().filter_map(offered_version).collect();
        Some(Self {
            random: hello.random.try_into().ok()?,
            offered: Offered { tls, protocols, server_name },
        })
    }
}

/// What a client offers whose first bytes these are.
pub(crate) fn offered(bytes: &[u8]) -> Option<Offered> {
    let (mut records, mut messages) = (Records::default(), Messages::default());
    records.push(bytes);
    while let Some(Piece::Record { content_type: ContentType::Handshake, fragment }) =
        records.next()
    {
        messages.push(&fragment);
        if let Some((HandshakeType::ClientHello, body)) = messages.next() {
            return ClientHello::read(&body).map(|hello| hello.offered);
        }
    }
    None
}

/// What is of interest in a ServerHello.
#[derive(Debug)]
pub(super) struct ServerHello {
    pub random: [u8; RANDOM],
    pub version: ProtocolVersion,
    pub cipher_suite: u16,
    /// Under TLS 1.2 and older.
    pub protocol: Option<String>,
}

impl ServerHello {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let (_, hello) = parse_tls_handshake_server_hello(body).ok()?;
        let extensions = extensions(hello.ext.unwrap_or_default());
        let selected = extension(&extensions, SUPPORTED_VERSIONS)
            .and_then(|content| <[u8; 2]>::try_from(content).ok())
            .map(u16::from_be_bytes);
        Some(Self {
            random: hello.random.try_into().ok()?,
            version: selected.unwrap_or(hello.version.0).into(),
            cipher_suite: hello.cipher.0,
            protocol: chosen_protocol(&extensions),
        })
    }

    /// Whether it asks for another ClientHello.
    pub(super) fn is_retry(&self) -> bool {
        self.random == RETRY
    }
}

/// The protocol that EncryptedExtensions chooses (RFC 8446 section 4.3.1).
pub(super) fn encrypted_protocol(body: &[u8]) -> Option<String> {
    let (_, list) = length_data(be_u16::<_, tls_parser::nom::error::Error<_>>)(body).ok()?;
    chosen_protocol(&extensions(list))
}

/// The certificates of a Certificate message, in their order.
pub(super) fn certificates(
    version: ProtocolVersion,
    body: &[u8],
) -> Option<Vec<CertificateDer<'static>>> {
    let owned = |certificates: Vec<&[u8]>| {
        certificates.into_iter().map(|der| CertificateDer::from(der.to_vec())).collect()
    };
    if version == ProtocolVersion::TLSv1_3 {
        return certificates_with_extensions(body).ok().map(|(_, list)| owned(list));
    }
    match parse_tls_handshake_msg_certificate(body) {
        Ok((_, TlsMessageHandshake::Certificate(message))) => {
            Some(owned(message.cert_chain.iter().map(|certificate| certificate.data).collect()))
        }
        _ => None,
    }
}

/// RFC 8446 section 4.4.2: each certificate has extensions of its own.
fn certificates_with_extensions(body: &[u8]) -> IResult<&[u8], Vec<&[u8]>> {
    let (body, _context) = length_data(be_u8)(body)?;
    let (_, list) = length_data(be_u24)(body)?;
    many0(terminated(length_data(be_u24), length_data(be_u16)))(list)
}

/// All extensions, read by us: the library's list ends at the first one whose content it does not
/// understand, such as one that is newer than it is.
fn extensions(bytes: &[u8]) -> Vec<(u16, &[u8])> {
    let extension = be_u16::<_, tls_parser::nom::error::Error<_>>.and(length_data(be_u16));
    many0(extension)(bytes).map(|(_, list)| list).unwrap_or_default()
}

fn extension<'a>(extensions: &[(u16, &'a [u8])], number: u16) -> Option<&'a [u8]> {
    extensions.iter().find(|(found, _)| *found == number).map(|(_, content)| *content)
}

fn server_name(content: &[u8]) -> Option<String> {
    let Ok((_, TlsExtension::SNI(names))) = parse_tls_extension_sni_content(content) else {
        return None;
    };
    names.first().map(|(_, name)| text(name))
}

fn protocols(content: &[u8]) -> Vec<String> {
    let Ok((_, TlsExtension::ALPN(names))) = parse_tls_extension_alpn_content(content) else {
        return Vec::new();
    };
    names.into_iter().filter(|name| !is_grease(name)).map(text).collect()
}

fn chosen_protocol(extensions: &[(u16, &[u8])]) -> Option<String> {
    extension(extensions, ALPN).and_then(|content| protocols(content).into_iter().next())
}

fn listed_versions(content: &[u8]) -> Vec<u16> {
    let list = length_data(be_u8::<_, tls_parser::nom::error::Error<_>>)(content);
    let list = list.map(|(_, list)| list).unwrap_or_default();
    list.chunks_exact(2)
        .filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)))
        .collect()
}

fn offered_version(version: u16) -> Option<OfferedVersion> {
    match ProtocolVersion::from(version) {
        ProtocolVersion::TLSv1_0 => Some(OfferedVersion::Tls10),
        ProtocolVersion::TLSv1_1 => Some(OfferedVersion::Tls11),
        ProtocolVersion::TLSv1_2 => Some(OfferedVersion::Tls12),
        ProtocolVersion::TLSv1_3 => Some(OfferedVersion::Tls13),
        _ => None,
    }
}

/// RFC 8701 section 2: two equal bytes that end in A.
fn is_grease(name: &[u8]) -> bool {
    matches!(name, [one, two] if one == two && one & 0x0f == 0x0a)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A ClientHello with those extensions.
    fn hello(version: [u8; 2], extensions: &[u8]) -> Vec<u8> {
        let mut body = version.to_vec();
        body.extend([7; RANDOM]);
        body.extend([0, 0, 2, 0x13, 0x01, 1, 0]);
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend(extensions);
        body
    }

    #[test]
    fn grease_is_left_out_and_does_not_hide_what_follows() {
        let extensions = [
            &[0x0a, 0x0a, 0, 1, 0][..],
            // A status_request that says nothing, which is wrong, and not our business.
            &[0, 5, 0, 0],
            &[0, 43, 0, 7, 6, 0x1a, 0x1a, 3, 4, 3, 3],
            &[0, 16, 0, 8, 0, 6, 2, 0x2a, 0x2a, 2, b'h', b'2'],
            &[0, 0, 0, 6, 0, 4, 0, 0, 1, b'h'],
        ]
        .concat();
        let offered = ClientHello::read(&hello([3, 3], &extensions)).unwrap().offered;
        let expected = Offered {
            tls: vec![OfferedVersion::Tls13, OfferedVersion::Tls12],
            protocols: vec!["h2".to_owned()],
            server_name: Some("h".to_owned()),
        };
        assert_eq!(offered, expected);
    }

    #[test]
    fn without_a_list_the_highest_version_is_offered() {
        let offered = ClientHello::read(&hello([3, 2], &[])).unwrap().offered;
        assert_eq!(offered, Offered { tls: vec![OfferedVersion::Tls11], ..Offered::default() });
    }

    #[test]
    fn certificates_are_read_in_both_forms() {
        let old = [0, 0, 9, 0, 0, 1, 7, 0, 0, 2, 8, 9];
        let new = [0, 0, 0, 13, 0, 0, 1, 7, 0, 0, 0, 0, 2, 8, 9, 0, 0];
        for (version, body) in
            [(ProtocolVersion::TLSv1_2, &old[..]), (ProtocolVersion::TLSv1_3, &new)]
        {
            let read = certificates(version, body).unwrap();
            assert_eq!(read, [CertificateDer::from(vec![7]), CertificateDer::from(vec![8, 9])]);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            ClientHello::read(&bytes);
            ClientHello::read(&hello([3, 3], &bytes));
            ServerHello::read(&bytes);
            encrypted_protocol(&bytes);
            certificates(ProtocolVersion::TLSv1_2, &bytes);
            certificates(ProtocolVersion::TLSv1_3, &bytes);
            offered(&bytes);
        }
    }
}
