from __future__ import annotations

import pytest

from ov_asr_score.audio.lists.decoding_commands import DecodingCommand, parse_decoding_command
from ov_asr_score.errors import SpecifierError


@pytest.mark.parametrize(
    ("command", "decoded"),
    [
        ("sph2pipe -f wav -p -c 1 /a/b.sph", DecodingCommand("/a/b.sph", channel=0)),
        ("/opt/kaldi/tools/sph2pipe_v2.5/sph2pipe -c2 -fwav 'a b.sph'", DecodingCommand("a b.sph", channel=1)),
        ("sph2pipe -p -f rif x.sph", DecodingCommand("x.sph")),
        ("sox a.wav -t wav -", DecodingCommand("a.wav", leaves_delay=True)),
        ("sox -V0 -q -D -t flac a.flac -t wavpcm -", DecodingCommand("a.flac", leaves_delay=True)),
        ("sox -t .wv a -t .wav - 2>/dev/null", DecodingCommand("a", leaves_delay=True)),
        ("flac -c -d -s wav/x.flac", DecodingCommand("wav/x.flac")),
        ("flac -cds x.flac", DecodingCommand("x.flac")),
        ("flac --decode --stdout --silent -- -x.flac", DecodingCommand("-x.flac")),
        ("ffmpeg -v 8 -nostdin -i /x/a.m4a -f wav -acodec pcm_s16le -", DecodingCommand("/x/a.m4a")),
        ("ffmpeg -loglevel quiet -y -i a.mp3 -vn -c:a pcm_s16le -f wav pipe:1", DecodingCommand("a.mp3")),
        ("cat a:12.wav", DecodingCommand("a:12.wav")),
        ("cat x:12", DecodingCommand("x:12")),
        ("wav-copy x.ark:12 -", DecodingCommand("x.ark", offset=12)),
        ("wav-copy --verbose=1 x.wav -", DecodingCommand("x.wav")),
        ("gunzip -c a.wav.gz", DecodingCommand("a.wav.gz")),
        ("gzip -dc a.wav.gz", DecodingCommand("a.wav.gz")),
        ("gzip --decompress --stdout a.wav.gz", DecodingCommand("a.wav.gz")),
        ("zcat a.wav.gz", DecodingCommand("a.wav.gz")),
        ("gunzip -c a.sph.gz | sph2pipe -f wav -p -c 2 -", DecodingCommand("a.sph.gz", channel=1)),
        (
            "sph2pipe -f wav -c 1 a.sph | sox -t wav - -t wav - | cat",
            DecodingCommand("a.sph", channel=0, leaves_delay=True),
        ),
        ("cat a.flac | flac -dcs", DecodingCommand("a.flac")),
        ("cat a.mp3 | ffmpeg -i pipe:0 -f wav -", DecodingCommand("a.mp3")),
    ],
)
def test_commands_that_only_decode(command: str, decoded: DecodingCommand) -> None:
    assert parse_decoding_command(command) == decoded


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("sox a.wav -r 16000 -t wav -", "-r changes the rate"),
        ("sox a.wav --rate 16k -t wav -", "--rate changes the rate"),
        ("sox -r 8000 -t raw a.pcm -t wav -", "-r changes the rate"),
        ("sox -t raw a.pcm -t wav -", "-t raw is a type whose files do not say what they hold"),
        ("sox a.wav -e signed-integer -b 16 -t wav -", "-e changes the bits"),
        ("sox a.wav -b 16 -t wav -", "-b changes the bits"),
        ("sox a.wav -c 1 -t wav -", "-c changes the channels"),
        ("sox -v 0.5 a.wav -t wav -", "-v changes the volume"),
        ("sox --vol 2 a.wav -t wav -", "--vol changes the volume"),
        ("sox -c 1 -t wavpcm -s a.wav -t wavpcm -", "-c changes the channels"),
        ("sph2pipe -f wav -p -c 1 a.sph | sox -t wav - -t wav - speed 0.9", "the effect speed changes the sound"),
        ("sox -G a.wav -t wav -", "-G changes the volume"),
        ("sox a.wav -t wav - remix 1", "the effect remix changes the sound"),
        ("sox a.wav -t wav - speed 1.1", "the effect speed changes the sound"),
        ("sox a.wav b.wav -t wav -", "it joins several files, or writes one"),
        ("sox a.wav b.wav", "expected -t wav - at the end"),
        ("sox a.wav -", "expected -t wav - at the end"),
        ("sox a.wav -t sph -", "expected -t wav - at the end"),
        ("sox a.wav", "expected -, to which it is decoded, found the end"),
        ("sox -n -t wav -", "-n is no option that is known"),
        ("sox '|rm x' -t wav -", "it reads from a command"),
        ("sph2pipe -p x.sph", "without -f wav it writes no wav"),
        ("sph2pipe -f raw x.sph", "expected -f rif or wav, found -f raw"),
        ("sph2pipe -f wav -c 3 x.sph", "expected -c 1 or 2, found -c 3"),
        ("sph2pipe -f wav -t 1:2 x.sph", "-t changes the length"),
        ("sph2pipe -f wav -u x.sph", "-u changes the encoding"),
        ("sph2pipe -f wav x.sph y.wav", "expected one file, found 2"),
        ("sph2pipe -f wav", "expected one file, found 0"),
        ("flac -d x.flac", "without -c and -d"),
        ("flac -c x.wav", "without -c and -d"),
        ("flac -c -d --skip=10 x.flac", "--skip=10 is no option that is known"),
        ("flac -c -d -F x.flac", "-F is no option that is known"),
        ("ffmpeg -i a.mp3 -ar 16000 -f wav -", "-ar changes the rate"),
        ("ffmpeg -i a.mp3 -ac 1 -f wav -", "-ac changes the channels"),
        ("ffmpeg -i a.mp3 -af volume=2 -f wav -", "-af changes the sound"),
        ("ffmpeg -ss 10 -i a.mp3 -f wav -", "-ss changes the length"),
        ("ffmpeg -i a.mp3 -acodec pcm_s24le -f wav -", "expected -acodec pcm_s16le, found -acodec pcm_s24le"),
        ("ffmpeg -i a.mp3 -f mp3 -", "expected -f wav, found -f mp3"),
        ("ffmpeg -i a.mp3 -f wav x.wav", "expected -f wav - at the end"),
        ("ffmpeg -i a.mp3 -f wav - y", "y behind the output has no meaning"),
        ("ffmpeg -i http://x/y.mp3 -f wav -", "expected a file behind -i"),
        ("ffmpeg -f wav -", "-f is no option that is known"),
        ("gzip -c a.wav", "without -d it compresses"),
        ("gunzip a.wav.gz", "without -c it writes a file"),
        ("cat a b", "expected one file, found 2"),
        ("cat -n a", "-n is no option that is known"),
        ("cat", "it reads standard input"),
        ("cat a | cat b", "a command behind | reads a file"),
        ("sph2pipe -f wav -c 1 a | sph2pipe -f wav -c 1 -", "a channel is chosen twice"),
        ("wav-copy scp:x.scp ark:-", "expected a file and -"),
        ("wav-copy scp:x.scp -", "it copies a table"),
        ("wav-copy 'cat x |' -", "it copies a table, or what a command gives"),
        ("wav-copy --binary=false x -", "--binary=false is no option that is known"),
        ("wav-reverberate x.wav -", "'wav-reverberate' is not one of cat, ffmpeg"),
        ("A=b sox a.wav -t wav -", "'A=b' is not one of"),
        ("bash -c 'sox a.wav -t wav -'", "'bash' is not one of"),
        ("sox $DATA/a.wav -t wav -", r"\$ means variables to a shell"),
    ],
)
def test_other_commands_are_refused_with_the_reason(command: str, reason: str) -> None:
    with pytest.raises(SpecifierError) as refusal:
        parse_decoding_command(command)
    message = str(refusal.value)
    assert message.startswith(f"{command}: ")
    assert reason.replace("\\", "") in message
    assert "\n" not in message
