//! Media types of files.

use std::path::Path;

/// The media type of a file, by the end of its name.
pub(super) fn media_type(name: &Path) -> &'static str {
    let end =
        name.extension().map(|end| end.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match end.as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "txt" | "log" | "md" => "text/plain; charset=utf-8",
        "xml" => "text/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "pdf" => "application/pdf",
        "mp3" => "audio/mpeg",
        "oga" | "ogg" => "audio/ogg",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        // Starts the import of a certificate on iOS and in browsers.
        "crt" | "cer" | "pem" | "der" => "application/x-x509-ca-cert",
        "mobileconfig" => "application/x-apple-aspen-config",
        _ => "application/octet-stream",
    }
}
