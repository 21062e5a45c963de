use super::*;

/// Creates a PIN, and returns it with the path of its QR code.
fn create_pin(plex: &mut FakePlex, target: &str) -> (Pin, String) {
    let url =
        request("POST", target).json().send(plex).json_body()["qr"].as_str().unwrap().to_owned();
    (
        plex.pins().last().unwrap().clone(),
        url.strip_prefix("http://fake.example").unwrap().to_owned(),
    )
}

fn get_image(plex: &mut FakePlex, path: &str) -> TestResponse {
    request("GET", path).without("x-plex-client-identifier").send(plex)
}

/// Decodes the QR code in a PNG, with a library other than the one that drew it.
fn decode(png: &[u8]) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(
        (frame.color_type, frame.bit_depth),
        (png::ColorType::Grayscale, png::BitDepth::Eight)
    );
    assert_eq!(frame.width, frame.height);
    let (side, line) = (frame.width as usize, frame.line_size);
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| pixels[y * line + x]);
    let codes = picture.detect_grids();
    assert_eq!(codes.len(), 1);
    codes[0].decode().unwrap().1
}

#[test]
fn the_qr_code_leads_to_the_link_page() {
    let mut plex = FakePlex::new();
    plex.set_base_url("http://fake.example");
    for (target, page) in [
        ("/api/v2/pins", "http://fake.example/link/?pin="),
        ("/api/v2/pins?strong=true", "http://fake.example/auth#?clientID=a-television&code="),
    ] {
        let (pin, path) = create_pin(&mut plex, target);
        assert_eq!(path, format!("/api/v2/pins/qr/{}", pin.code()));
        let image = get_image(&mut plex, &path);
        assert_eq!((image.status(), image.content_type()), (200, "image/png"));
        assert_eq!(decode(image.0.body()), format!("{page}{}", pin.code()));
    }
}

#[test]
fn finished_pins_have_no_qr_code() {
    let mut plex = FakePlex::new();
    plex.set_base_url("http://fake.example");
    let (pin, path) = create_pin(&mut plex, "/pins");
    assert_eq!(get_image(&mut plex, &path).status(), 200);
    plex.link_pin(pin.code(), Who::Free, NOW).unwrap();
    let (old, old_path) = create_pin(&mut plex, "/pins");
    plex.pin_mut(old.id()).unwrap().age(900);
    for gone in [path.as_str(), &old_path, "/pins/qr/XXXX"] {
        assert_eq!(get_image(&mut plex, gone).status(), 404, "{gone}");
    }
}
