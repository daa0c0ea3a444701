//! Marks as pixels.

use super::ChartError;
use super::drawing::{Align, Drawing, Ink, Mark, WHITE};
use super::text::{outline, width_of};
use tiny_skia::{Color, FillRule, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};

/// Pixels per logical pixel.
const RASTER: f32 = 2.0;
/// From the middle of a line of text down to where its letters stand, in its size: half the height of a small letter.
const TO_BASELINE: f64 = 0.25;

impl Drawing {
    /// The picture as a PNG file at twice its logical size.
    ///
    /// # Errors
    ///
    /// [`ChartError`] when the picture has too many pixels, or none.
    pub fn png(&self) -> Result<Vec<u8>, ChartError> {
        self.png_with(&[])
    }

    /// The same with notes, a name and a text each, where no eye falls on them.
    pub(super) fn png_with(&self, notes: &[(&str, &str)]) -> Result<Vec<u8>, ChartError> {
        let pixels = self.pixels()?;
        let failed = |error: png::EncodingError| ChartError(error.to_string());
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, pixels.width(), pixels.height());
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        for (name, text) in notes {
            let added = encoder.add_text_chunk((*name).to_owned(), (*text).to_owned());
            added.map_err(failed)?;
        }
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(&pixels.take_demultiplied()).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(file)
    }

    pub(super) fn pixels(&self) -> Result<Pixmap, ChartError> {
        let (width, height) = (self.width as f32 * RASTER, self.height as f32 * RASTER);
        let mut pixels = Pixmap::new(width as u32, height as u32)
            .ok_or_else(|| ChartError(format!("a picture cannot have {width} by {height} pixels")))?;
        let Ink(red, green, blue, _) = WHITE;
        pixels.fill(Color::from_rgba8(red, green, blue, 255));
        for mark in &self.marks {
            // What has no extent leaves no pixel.
            let _drawn = draw(mark, &mut pixels);
        }
        Ok(pixels)
    }
}

fn draw(mark: &Mark, pixels: &mut Pixmap) -> Option<()> {
    let raster = Transform::from_scale(RASTER, RASTER);
    let mut fill = |path: &Path, ink: Ink, place: Transform| {
        pixels.fill_path(path, &paint(ink), FillRule::Winding, place, None);
    };
    match mark {
        Mark::Rect { from, to, ink } => {
            let area = Rect::from_ltrb(from.0 as f32, from.1 as f32, to.0 as f32, to.1 as f32)?;
            fill(&PathBuilder::from_rect(area), *ink, raster);
        }
        Mark::Line { points, width, ink } => {
            let stroke = Stroke {
                width: *width as f32,
                ..Stroke::default()
            };
            pixels.stroke_path(&through(points)?.finish()?, &paint(*ink), &stroke, raster, None);
        }
        Mark::Area { points, ink } => {
            let mut edge = through(points)?;
            edge.close();
            fill(&edge.finish()?, *ink, raster);
        }
        Mark::Dot { at, radius, ink } => {
            let circle = PathBuilder::from_circle(at.0 as f32, at.1 as f32, *radius as f32)?;
            fill(&circle, *ink, raster);
        }
        // Only for a pointer.
        Mark::Tip { .. } | Mark::Of(_) => {}
        Mark::Text {
            at: (x, y),
            text,
            size,
            bold,
            align,
            ink,
        } => {
            let width = width_of(text, *size, *bold);
            let left = match align {
                Align::Left => *x,
                Align::Center => x - width / 2.0,
                Align::Right => x - width,
            };
            let baseline = y + TO_BASELINE * size;
            let place = raster
                .pre_translate(left as f32, baseline as f32)
                .pre_scale(*size as f32, *size as f32);
            fill(&outline(text, *bold)?, *ink, place);
        }
    }
    Some(())
}

fn paint(Ink(red, green, blue, opacity): Ink) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, (opacity * 255.0).round() as u8);
    paint
}

fn through(points: &[(f64, f64)]) -> Option<PathBuilder> {
    let (first, rest) = points.split_first()?;
    let mut path = PathBuilder::new();
    path.move_to(first.0 as f32, first.1 as f32);
    for point in rest {
        path.line_to(point.0 as f32, point.1 as f32);
    }
    Some(path)
}
