        /** The bitmaps' colours and transparency side by side, pixel by pixel. */
        private fun layers(bitmaps: List<Bitmap>, height: Int, width: Int): FloatArray {
            val each = bitmaps.map { pixels(it, height, width, channels = 4) }
            val wide = 4 * each.size
            return FloatArray(height * width * wide) { at -> each[at % wide / 4][at / wide * 4 + at % 4] }
        }
