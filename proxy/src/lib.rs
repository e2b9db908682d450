//! A websockify-compatible WebSocket-to-TCP proxy.
