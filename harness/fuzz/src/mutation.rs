//! Mutations that leave a certificate in one piece: random bytes mostly break a length in DER, and then nothing behind
//! it is read.

/// Where in a certificate to mutate, drawn from a seed.
pub struct Dice(u64);

impl Dice {
    /// Dice that fall as the seed says.
    pub fn new(seed: u32) -> Self {
        Self(u64::from(seed))
    }

    /// A number below that one, which is not zero.
    pub fn below(&mut self, limit: usize) -> usize {
        // SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}

/// An element of DER: its tag, and what it holds (X.690 section 8.1).
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
}

/// Changes one element of some DER, drops it or doubles it, and makes the lengths around it fit.
pub fn mutate(der: &[u8], dice: &mut Dice, change: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> Vec<u8> {
    // The deeper, the more interesting, but the bytes above are to be mutated too.
    let Some(elements) = elements(der).filter(|_| dice.below(8) > 0) else { return change(der) };
    let chosen = dice.below(elements.len());
    let mut out = Vec::with_capacity(der.len() + 16);
    for (index, element) in elements.iter().enumerate() {
        if index != chosen {
            write(element.tag, element.content, &mut out);
            continue;
        }
        match dice.below(32) {
            0 => {}
            1 => (0..2).for_each(|_| write(element.tag, element.content, &mut out)),
            2 => write(dice.below(256) as u8, element.content, &mut out),
            _ => write(element.tag, &mutate(element.content, dice, change), &mut out),
        }
    }
    out
}

/// The elements that some bytes are, if they are that: what is inside of a SEQUENCE, or of an OCTET STRING that holds
/// an extension.
fn elements(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    while let [tag, rest @ ..] = bytes {
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length)?;
        elements.push(Element { tag: *tag, content });
        bytes = rest;
    }
    (!elements.is_empty()).then_some(elements)
}

/// X.690 section 10.1, as far as a certificate needs it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [0x81, length, rest @ ..] => Some((usize::from(*length), rest)),
        [0x82, high, low, rest @ ..] => Some((usize::from(*high) << 8 | usize::from(*low), rest)),
        [length @ ..=0x7f, rest @ ..] => Some((usize::from(*length), rest)),
        _ => None,
    }
}

fn write(tag: u8, content: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    let octets = content.len().to_be_bytes();
    let octets = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
    match octets {
        [] => out.push(0),
        [length @ ..=0x7f] => out.push(*length),
        octets => {
            out.push(0x80 | octets.len() as u8);
            out.extend_from_slice(octets);
        }
    }
    out.extend_from_slice(content);
}
