        private fun normal(count: Int): FloatArray {
            val random = java.util.Random()
            return FloatArray(count) { random.nextGaussian().toFloat() }
        }
