//! `/api/v2/pins/qr/{code}`: a QR code with the URL of the page on which a PIN is linked.

use http::{Response, StatusCode};
use png::{BitDepth, ColorType, Encoder};
use qrcode::{Color, QrCode};

use super::sentence;
use crate::fake::FakePlex;
use crate::fake::ask::Ask;
use crate::fake::pins::Pin;
use crate::fake::render;

/// The width of the light border that a QR code requires, in modules.
const BORDER: usize = 4;

/// The width of a module, in pixels.
const MODULE: usize = 8;

/// Returns the image. This requires no client identifier, because browsers send none when they load
/// images.
pub(crate) fn picture(plex: &FakePlex, ask: &Ask<'_>, code: &str) -> Response<Vec<u8>> {
    let Some(pin) = plex.pins.waiting(code, ask.now()) else {
        return sentence(StatusCode::NOT_FOUND, "QR code", "This code is invalid or has expired.");
    };
    match png(&page(pin, &plex.base_url(ask))) {
        Some(picture) => render::png(picture),
        None => render::html(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Returns the URL of the page on which the PIN is linked, which differs for short and strong PINs.
fn page(pin: &Pin, base: &str) -> String {
    let code = pin.code();
    if !pin.is_strong() {
        return format!("{base}/link/?pin={code}");
    }
    let mut asked = form_urlencoded::Serializer::new(String::new());
    asked.append_pair("clientID", pin.client_identifier()).append_pair("code", code);
    format!("{base}/auth#?{}", asked.finish())
}

/// Returns a dark-on-light QR code for this text as a PNG, or `None` if the text is too long.
fn png(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::new(text).ok()?;
    let side = (code.width() + 2 * BORDER) * MODULE;
    let is_dark = |x: usize, y: usize| {
        let inside =
            |pixel: usize| (pixel / MODULE).checked_sub(BORDER).filter(|&at| at < code.width());
        matches!((inside(x), inside(y)), (Some(x), Some(y)) if code[(x, y)] == Color::Dark)
    };
    let pixels: Vec<u8> = (0..side)
        .flat_map(|y| (0..side).map(move |x| (x, y)))
        .map(|(x, y)| if is_dark(x, y) { 0 } else { u8::MAX })
        .collect();
    let mut picture = Vec::new();
    let side = u32::try_from(side).ok()?;
    let mut encoder = Encoder::new(&mut picture, side, side);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    encoder.write_header().ok()?.write_image_data(&pixels).ok()?;
    Some(picture)
}
