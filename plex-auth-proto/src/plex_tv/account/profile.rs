use crate::wire::lenient;
use crate::wire::open_enum::open_enum;

lenient::object! {
    /// Languages, subtitles and the like of an [`Account`](crate::Account).
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct Profile {
        /// Whether the audio track is chosen by language.
        pub auto_select_audio: Option<bool> as "autoSelectAudio",
        /// The language of audio that is preferred, such as `en`.
        pub default_audio_language: Option<String> as "defaultAudioLanguage",
        /// Further languages of audio.
        pub default_audio_languages: Vec<String> as "defaultAudioLanguages",
        /// Which audio is preferred, as to its being made for the blind.
        pub default_audio_accessibility: Option<AudioAccessibility> as "defaultAudioAccessibility",
        /// The language of subtitles that is preferred, such as `en`.
        pub default_subtitle_language: Option<String> as "defaultSubtitleLanguage",
        /// Further languages of subtitles.
        pub default_subtitle_languages: Vec<String> as "defaultSubtitleLanguages",
        /// When subtitles are shown.
        pub auto_select_subtitle: Option<AutoSelectSubtitle> as "autoSelectSubtitle",
        /// Which subtitles are preferred, as to their being made for the deaf.
        pub default_subtitle_accessibility: Option<SubtitleAccessibility> as "defaultSubtitleAccessibility",
        /// Which subtitles are preferred, as to their being forced.
        pub default_subtitle_forced: Option<SubtitleForced> as "defaultSubtitleForced",
        /// What gets a mark when it was watched.
        pub watched_indicator: Option<WatchedIndicator> as "watchedIndicator",
        /// Whose reviews are shown.
        pub media_reviews_visibility: Option<MediaReviewsVisibility> as "mediaReviewsVisibility",
        /// The languages of reviews.
        pub media_reviews_languages: Vec<String> as "mediaReviewsLanguages",
    }
}

open_enum! {
    /// When subtitles are shown.
    pub enum AutoSelectSubtitle {
        /// When selected by hand.
        ManuallySelected = "0",
        /// When the audio is in a foreign language.
        ShownWithForeignAudio = "1",
        /// Always.
        AlwaysEnabled = "2",
    }
}

open_enum! {
    /// Which subtitles are preferred, as to their being for the deaf and hard of hearing (SDH).
    pub enum SubtitleAccessibility {
        /// Others are preferred.
        PreferNonSdh = "0",
        /// Those are preferred.
        PreferSdh = "1",
        /// No others are shown.
        OnlySdh = "2",
        /// Those are not shown.
        OnlyNonSdh = "3",
    }
}

open_enum! {
    /// Which audio is preferred, as to its being accessible to the blind.
    pub enum AudioAccessibility {
        /// Other audio is preferred.
        PreferNonAccessible = "0",
        /// Accessible audio is preferred.
        PreferAccessible = "1",
        /// No other is played.
        OnlyAccessible = "2",
        /// It is not played.
        OnlyNonAccessible = "3",
    }
}

open_enum! {
    /// Which subtitles are preferred, as to their being forced: those for foreign dialogue alone.
    pub enum SubtitleForced {
        /// Others are preferred.
        PreferNonForced = "0",
        /// Forced ones are preferred.
        PreferForced = "1",
        /// No others are shown.
        OnlyForced = "2",
        /// They are not shown.
        OnlyNonForced = "3",
    }
}

open_enum! {
    /// What gets a mark when it was watched.
    pub enum WatchedIndicator {
        /// Nothing.
        None = "0",
        /// Films and shows.
        MoviesAndShows = "1",
        /// Films.
        Movies = "2",
        /// Shows.
        Shows = "3",
    }
}

open_enum! {
    /// Whose reviews are shown.
    pub enum MediaReviewsVisibility {
        /// Nobody's.
        Nobody = "0",
        /// Critics'.
        Critics = "1",
        /// Plex users'.
        PlexUsers = "2",
        /// Both.
        Both = "3",
    }
}
