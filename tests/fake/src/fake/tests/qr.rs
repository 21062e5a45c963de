use super::*;

/// A PIN, and the path of its picture.
fn made(plex: &mut FakePlex, target: &str) -> (Pin, String) {
    let url = asking("POST", target).json().of(plex).value()["qr"].as_str().unwrap().to_owned();
    (
        plex.pins().last().unwrap().clone(),
        url.strip_prefix("http://fake.example").unwrap().to_owned(),
    )
}

fn looked_at(plex: &mut FakePlex, path: &str) -> Answer {
    asking("GET", path).without("x-plex-client-identifier").of(plex)
}

/// What a camera reads in a PNG, made by others than the picture is.
fn read(png: &[u8]) -> String {
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
fn the_picture_of_a_pin_leads_to_the_page_that_links_it() {
    let mut plex = FakePlex::new();
    plex.set_base_url("http://fake.example");
    for (target, page) in [
        ("/api/v2/pins", "http://fake.example/link/?pin="),
        ("/api/v2/pins?strong=true", "http://fake.example/auth#?clientID=a-television&code="),
    ] {
        let (pin, path) = made(&mut plex, target);
        assert_eq!(path, format!("/api/v2/pins/qr/{}", pin.code()));
        let picture = looked_at(&mut plex, &path);
        assert_eq!((picture.status(), picture.kind()), (200, "image/png"));
        assert_eq!(read(picture.0.body()), format!("{page}{}", pin.code()));
    }
}

#[test]
fn who_can_no_longer_be_linked_has_no_picture() {
    let mut plex = FakePlex::new();
    plex.set_base_url("http://fake.example");
    let (pin, path) = made(&mut plex, "/pins");
    assert_eq!(looked_at(&mut plex, &path).status(), 200);
    plex.link_pin(pin.code(), Who::Free, NOW).unwrap();
    let (old, old_path) = made(&mut plex, "/pins");
    plex.pin_mut(old.id()).unwrap().age(900);
    for gone in [path.as_str(), &old_path, "/pins/qr/XXXX"] {
        assert_eq!(looked_at(&mut plex, gone).status(), 404, "{gone}");
    }
}
