        /** The bitmap scaled to the size: values in [0, 1], row by row; gray for one channel, with transparency for four. */
        private fun pixels(bitmap: Bitmap, height: Int, width: Int, channels: Int, binary: Boolean = false): FloatArray {
            val soft = if (bitmap.config == Bitmap.Config.ARGB_8888) bitmap else bitmap.copy(Bitmap.Config.ARGB_8888, false)
            val colors = IntArray(height * width)
            Bitmap.createScaledBitmap(soft, width, height, true).getPixels(colors, 0, width, 0, 0, width, height)
            val values = FloatArray(colors.size * channels)
            colors.forEachIndexed { at, color ->
                val red = (color shr 16 and 255) / 255f
                val green = (color shr 8 and 255) / 255f
                val blue = (color and 255) / 255f
                if (channels == 1) {
                    val gray = 0.299f * red + 0.587f * green + 0.114f * blue
                    values[at] = if (!binary) gray else if (gray > 0.5f) 1f else 0f
                } else {
                    values[at * channels] = red
                    values[at * channels + 1] = green
                    values[at * channels + 2] = blue
                    if (channels == 4) values[at * channels + 3] = (color ushr 24) / 255f
                }
            }
            return values
        }
