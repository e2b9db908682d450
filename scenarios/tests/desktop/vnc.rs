//! A desktop behind a real VNC server: TigerVNC's Xvnc, which is an X server as well.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ConnectionExt, CreateGCAux, CreateWindowAux, EventMask, InputFocus, KeyButMask, Rectangle,
    Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use super::common::{free_address, group::Group, wait_for};
use super::picture;

/// A desktop that shows the picture and hears what is typed.
pub struct Desktop {
    /// Of its VNC server.
    pub address: SocketAddr,
    display: RustConnection,
    _server: Group,
}

impl Desktop {
    #[track_caller]
    pub fn start(folder: &Path) -> Self {
        let address = free_address();
        let mut command = Command::new("Xvnc");
        // It prints the number of its display once it is ready.
        command
            .args(["-displayfd", "1", "-SecurityTypes", "None", "-interface", "127.0.0.1"])
            .args(["-geometry", &format!("{}x{}", picture::WIDTH, picture::HEIGHT), "-depth", "24"])
            .args(["-rfbport", &address.port().to_string(), "-nolisten", "tcp"])
            .current_dir(folder)
            .env("HOME", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.join("Xvnc.log")).unwrap());
        let mut server = Group::spawn(command);
        let mut number = String::new();
        let stdout = server.child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut number).unwrap();
        assert!(!number.is_empty(), "Xvnc: see {}", folder.join("Xvnc.log").display());
        let (display, screen) = x11rb::connect(Some(&format!(":{}", number.trim()))).unwrap();
        show_picture(&display, screen);
        Self { address, display, _server: server }
    }

    /// The next characters that were typed.
    #[track_caller]
    pub fn typed(&self, count: usize) -> String {
        let mut typed = String::new();
        while typed.chars().count() < count {
            let what = format!("{count} characters typed (until now {typed:?})");
            let event = wait_for(&what, || self.display.poll_for_event().unwrap());
            if let Event::KeyPress(key) = event {
                typed.extend(self.character(key.detail, key.state));
            }
        }
        typed
    }

    /// What a key gives; those that only change others give nothing.
    fn character(&self, key: u8, state: KeyButMask) -> Option<char> {
        let mapping = self.display.get_keyboard_mapping(key, 1).unwrap().reply().unwrap();
        let shifted = usize::from(state.contains(KeyButMask::SHIFT));
        // The keysyms of Latin 1 are its characters.
        mapping.keysyms.get(shifted).and_then(|keysym| u8::try_from(*keysym).ok()).map(char::from)
    }
}

/// Opens a window over the whole desktop that has the picture, and the keyboard.
fn show_picture(display: &RustConnection, screen: usize) {
    let screen = &display.setup().roots[screen];
    let window: Window = display.generate_id().unwrap();
    let events = EventMask::KEY_PRESS | EventMask::EXPOSURE;
    let (width, height) = (picture::WIDTH, picture::HEIGHT);
    let aux = CreateWindowAux::new().override_redirect(1).event_mask(events).background_pixel(0);
    let (depth, class) = (x11rb::COPY_DEPTH_FROM_PARENT, WindowClass::INPUT_OUTPUT);
    let (x, y, border) = (0, 0, 0);
    display
        .create_window(depth, window, screen.root, x, y, width, height, border, class, 0, &aux)
        .unwrap();
    display.map_window(window).unwrap();
    display.flush().unwrap();
    wait_for("the window is there", || {
        let event = display.poll_for_event().unwrap();
        matches!(event, Some(Event::Expose(_))).then_some(())
    });
    let context = display.generate_id().unwrap();
    display.create_gc(context, window, &CreateGCAux::new()).unwrap();
    for row in 0..height / picture::SQUARE {
        for column in 0..width / picture::SQUARE {
            let colour = x11rb::protocol::xproto::ChangeGCAux::new()
                .foreground(picture::colour(column, row));
            display.change_gc(context, &colour).unwrap();
            let square = Rectangle {
                x: (column * picture::SQUARE) as i16,
                y: (row * picture::SQUARE) as i16,
                width: picture::SQUARE,
                height: picture::SQUARE,
            };
            display.poly_fill_rectangle(window, context, &[square]).unwrap();
        }
    }
    display.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME).unwrap();
    display.flush().unwrap();
}
