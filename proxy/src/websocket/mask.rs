//! Unmasking (RFC 6455 section 5.3).

/// XORs `bytes` with `mask`, of which `offset` bytes of the frame were used before.
///
/// Sixteen bytes at a time: compilers make vector instructions of it.
pub(super) fn unmask(bytes: &mut [u8], mask: [u8; 4], offset: u64) {
    let mut turned = mask;
    turned.rotate_left((offset % 4) as usize);
    let wide = u128::from_ne_bytes([turned; 4].concat().try_into().unwrap_or_default());
    let (chunks, rest) = bytes.as_chunks_mut::<16>();
    for chunk in chunks {
        *chunk = (u128::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(turned.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_the_formula_of_the_rfc(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            mask: [u8; 4],
            offset in 0u64..1 << 40,
        ) {
            let expected: Vec<u8> =
                bytes.iter().enumerate().map(|(i, byte)| byte ^ mask[((i as u64 + offset) % 4) as usize]).collect();
            let mut actual = bytes;
            unmask(&mut actual, mask, offset);
            prop_assert_eq!(actual, expected);
        }
    }
}
