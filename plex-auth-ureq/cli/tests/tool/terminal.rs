//! The tool in a terminal: prompts, the QR code, messages, and the restored settings.

mod interruptions;
mod messages;
mod prompts;
mod qr_code;
