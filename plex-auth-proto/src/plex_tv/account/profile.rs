use crate::wire::lenient;
use crate::wire::open_enum::open_enum;

lenient::object! {
    /// The language and subtitle settings of an [`Account`](crate::Account).
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct Profile {
        /// Whether audio and subtitle tracks are selected automatically.
        pub auto_select_audio: Option<bool> as "autoSelectAudio",
        /// The preferred audio language, such as `en`.
        pub default_audio_language: Option<String> as "defaultAudioLanguage",
        /// The list of preferred audio languages.
        pub default_audio_languages: Vec<String> as "defaultAudioLanguages",
        /// The preference for audio that is accessible to blind users.
        pub default_audio_accessibility: Option<AudioAccessibility> as "defaultAudioAccessibility",
        /// The preferred subtitle language, such as `en`.
        pub default_subtitle_language: Option<String> as "defaultSubtitleLanguage",
        /// The list of preferred subtitle languages.
        pub default_subtitle_languages: Vec<String> as "defaultSubtitleLanguages",
        /// The condition under which subtitles are shown.
        pub auto_select_subtitle: Option<AutoSelectSubtitle> as "autoSelectSubtitle",
        /// The preference for subtitles for the deaf and hard of hearing.
        pub default_subtitle_accessibility: Option<SubtitleAccessibility> as "defaultSubtitleAccessibility",
        /// The preference for forced subtitles.
        pub default_subtitle_forced: Option<SubtitleForced> as "defaultSubtitleForced",
        /// The kinds of items that show an indicator after they have been watched.
        pub watched_indicator: Option<WatchedIndicator> as "watchedIndicator",
        /// The kinds of reviews that are shown.
        pub media_reviews_visibility: Option<MediaReviewsVisibility> as "mediaReviewsVisibility",
        /// The languages of the reviews that are shown.
        pub media_reviews_languages: Vec<String> as "mediaReviewsLanguages",
    }
}

open_enum! {
    /// The condition under which subtitles are shown.
    pub enum AutoSelectSubtitle {
        /// Only if selected manually.
        ManuallySelected = "0",
        /// If the audio is in a foreign language.
        ShownWithForeignAudio = "1",
        /// Always.
        AlwaysEnabled = "2",
    }
}

open_enum! {
    /// The preference for subtitles for the deaf and hard of hearing (SDH).
    pub enum SubtitleAccessibility {
        /// Prefers subtitles that are not SDH.
        PreferNonSdh = "0",
        /// Prefers SDH subtitles.
        PreferSdh = "1",
        /// Shows only SDH subtitles.
        OnlySdh = "2",
        /// Shows only subtitles that are not SDH.
        OnlyNonSdh = "3",
    }
}

open_enum! {
    /// The preference for audio that is accessible to blind users.
    pub enum AudioAccessibility {
        /// Prefers audio that is not accessible.
        PreferNonAccessible = "0",
        /// Prefers accessible audio.
        PreferAccessible = "1",
        /// Plays only accessible audio.
        OnlyAccessible = "2",
        /// Plays only audio that is not accessible.
        OnlyNonAccessible = "3",
    }
}

open_enum! {
    /// The preference for forced subtitles, which translate only foreign dialogue.
    pub enum SubtitleForced {
        /// Prefers subtitles that are not forced.
        PreferNonForced = "0",
        /// Prefers forced subtitles.
        PreferForced = "1",
        /// Shows only forced subtitles.
        OnlyForced = "2",
        /// Shows only subtitles that are not forced.
        OnlyNonForced = "3",
    }
}

open_enum! {
    /// The kinds of items that show an indicator after they have been watched.
    pub enum WatchedIndicator {
        /// No items.
        None = "0",
        /// Movies and shows.
        MoviesAndShows = "1",
        /// Movies.
        Movies = "2",
        /// Shows.
        Shows = "3",
    }
}

open_enum! {
    /// The kinds of reviews that are shown.
    pub enum MediaReviewsVisibility {
        /// No reviews.
        Nobody = "0",
        /// Reviews by critics.
        Critics = "1",
        /// Reviews by Plex users.
        PlexUsers = "2",
        /// Reviews by critics and by Plex users.
        Both = "3",
    }
}
