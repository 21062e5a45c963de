use std::time::Duration;

use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::Pin;
use crate::plex_tv::pin::hosted_page::HostedPage;
use crate::plex_tv::pin::pin_url::PinUrl;
use crate::plex_tv::pin::short_pin::ShortPin;
use crate::plex_tv::pin::strong_pin::StrongPin;

/// A login's PIN. The variant determines how the user links it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LoginPin {
    /// A 4-character code that the user enters on another device, at `https://plex.tv/link`.
    Code(ShortPin),
    /// A 25-character code in the URL of the hosted page, which the user opens in a browser. It
    /// cannot be entered at `https://plex.tv/link`.
    Page(StrongPin),
}

impl LoginPin {
    /// Returns the PIN, including its ID, its code and the URL of its QR code.
    pub fn pin(&self) -> &Pin {
        match self {
            Self::Code(pin) => pin.pin(),
            Self::Page(pin) => pin.pin(),
        }
    }

    /// Returns the page on which the user enters the code, or `None` if the hosted page must be
    /// opened instead.
    pub fn link_page(&self, plex_tv: &PlexTv) -> Option<PinUrl> {
        match self {
            Self::Code(pin) => Some(pin.link_page(plex_tv)),
            Self::Page(_) => None,
        }
    }

    /// Returns the [link page](Self::link_page) with the code filled in, for a QR code. Returns
    /// `None` if the hosted page must be opened instead.
    pub fn filled_link_page(&self, plex_tv: &PlexTv) -> Option<PinUrl> {
        match self {
            Self::Code(pin) => Some(pin.filled_link_page(plex_tv)),
            Self::Page(_) => None,
        }
    }

    /// Returns the page to open in the user's browser, or `None` if the user enters a code instead.
    pub fn hosted_page(&self, plex_tv: &PlexTv) -> Option<HostedPage> {
        match self {
            Self::Code(_) => None,
            Self::Page(pin) => Some(pin.hosted_page(plex_tv)),
        }
    }

    pub(crate) fn life(&self) -> Duration {
        match self {
            Self::Code(pin) => pin.expires_in(),
            Self::Page(pin) => pin.expires_in(),
        }
    }
}
