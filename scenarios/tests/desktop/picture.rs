//! The picture on the desktop: squares in colours that every mistake in order, place or colour changes.

pub const WIDTH: u16 = 320;
pub const HEIGHT: u16 = 240;

/// The side of a square.
pub const SQUARE: u16 = 20;

/// Sixteen colours, as 0xRRGGBB: what has few is sent without loss (RFC 6143 section 7.7; Tight's palettes).
const COLOURS: [u32; 16] = [
    0x000000, 0xffffff, 0xff0000, 0x00ff00, 0x0000ff, 0xffff00, 0xff00ff, 0x00ffff, 0x804020,
    0x208040, 0x402080, 0xc0c0c0, 0x123456, 0x654321, 0xabcdef, 0xfedcba,
];

/// The colour of a square, by its column and row.
pub fn colour(column: u16, row: u16) -> u32 {
    // Any rule without a period as long as the picture is wide or high.
    let number = u32::from(column) * 7 + u32::from(row) * 31 + u32::from(column) * u32::from(row);
    COLOURS[(number % 16) as usize]
}

/// How many pixels are not as they should be, of a canvas' bytes (red, green, blue, alpha). A canvas of another size
/// has none that is.
pub fn differences(seen: &[u8]) -> usize {
    let (width, height) = (usize::from(WIDTH), usize::from(HEIGHT));
    if seen.len() != width * height * 4 {
        return width * height;
    }
    let wrong = |(at, pixel): &(usize, &[u8])| {
        let (column, row) = ((at % width) as u16 / SQUARE, (at / width) as u16 / SQUARE);
        let [_, red, green, blue] = colour(column, row).to_be_bytes();
        *pixel != [red, green, blue, 255]
    };
    seen.chunks(4).enumerate().filter(wrong).count()
}
