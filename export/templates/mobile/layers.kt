        /** The bitmaps' colours and transparency side by side, pixel by pixel. */
        private fun layers(bitmaps: List<Bitmap>, size: Size, place: Rect): FloatArray {
            val each = bitmaps.map { pixels(it, size, place, channels = 4) }
            val wide = 4 * each.size
            return FloatArray(size.height * size.width * wide) { at -> each[at % wide / 4][at / wide * 4 + at % 4] }
        }
