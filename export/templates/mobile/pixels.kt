        /**
         * The bitmap in its place: values in [0, 1], row by row; gray for one channel, with transparency for four.
         *
         * Around a picture lies the same picture, stretched, so that what a network measures of the whole stays as it was. Without a
         * place the middle of the bitmap fills everything. Takes memory for the file's size alone, whatever the bitmap's.
         */
        private fun pixels(bitmap: Bitmap, size: Size, place: Rect?, channels: Int, binary: Boolean = false): FloatArray {
            val soft = if (bitmap.config == Bitmap.Config.HARDWARE) bitmap.copy(Bitmap.Config.ARGB_8888, false) else bitmap
            val whole = Rect(0, 0, size.width, size.height)
            val drawn = Bitmap.createBitmap(size.width, size.height, Bitmap.Config.ARGB_8888)
            val canvas = Canvas(drawn)
            val paint = Paint(Paint.FILTER_BITMAP_FLAG)
            if (place == null) {
                val scale = minOf(soft.width / size.width.toFloat(), soft.height / size.height.toFloat())
                val wide = maxOf(1, (size.width * scale).toInt())
                val high = maxOf(1, (size.height * scale).toInt())
                val left = (soft.width - wide) / 2
                val top = (soft.height - high) / 2
                canvas.drawBitmap(soft, Rect(left, top, left + wide, top + high), whole, paint)
            } else {
                if (!binary && channels != 4) canvas.drawBitmap(soft, null, whole, paint)
                canvas.drawBitmap(soft, null, place, paint)
            }
            val colors = IntArray(size.height * size.width)
            drawn.getPixels(colors, 0, size.width, 0, 0, size.width, size.height)
            drawn.recycle()
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

        /** Where a picture lies in the file's size: its sides in proportion, in the middle. */
        private fun placed(bitmap: Bitmap, size: Size): Rect {
            val scale = minOf(size.width / bitmap.width.toFloat(), size.height / bitmap.height.toFloat())
            val wide = (bitmap.width * scale).toInt().coerceIn(1, size.width)
            val high = (bitmap.height * scale).toInt().coerceIn(1, size.height)
            val left = (size.width - wide) / 2
            val top = (size.height - high) / 2
            return Rect(left, top, left + wide, top + high)
        }
